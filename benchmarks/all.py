"""Run every benchmark on one backend, one after another: python benchmarks/all.py --backend jax"""

import argparse
import subprocess
import sys
from pathlib import Path

import measure

FOLDER = Path(__file__).parent
ON_EVERY_BACKEND = (
    "calls_op",
    "calls_ops",
    "calls_eager_mlp",
    "calls_deep_model",
    "calls_predict_on_batch",
    "time_applications",
    "time_build",
    "time_kernels",
    "time_preprocessing",
    "time_files",
    "import_time",
)
ON_TRAINING_BACKENDS = ("calls_fit_step", "time_fit", "time_data", "time_read_ahead", "time_layers", "time_optimizer")


def main():
    parser = argparse.ArgumentParser(description="Run every benchmark on one backend.")
    parser.add_argument("--backend", choices=measure.ALL_BACKENDS, required=True)
    parser.add_argument("--library", choices=["kmb_core", "keras", "both"], default="both")
    options = parser.parse_args()
    scripts = ON_EVERY_BACKEND + (ON_TRAINING_BACKENDS if options.backend in measure.TRAINING_BACKENDS else ())
    arguments = ["--backend", options.backend, "--library", options.library]
    failed = [name for name in scripts if run(name, *arguments)]
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


def run(name, *arguments):
    return subprocess.run([sys.executable, str(FOLDER / f"{name}.py"), *arguments], check=False).returncode


if __name__ == "__main__":
    main()
