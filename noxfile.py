"""Every check of the repository; `nox` runs those that decide whether a change is good, `nox -l` lists all.

The matrix is computed: a folder packages/kmb-backend-NAME is a row of it, with no edit here. Each row is tested in an
environment that holds that backend's framework and no other, so that nothing leans on a neighbour by accident.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

ROOT = Path(__file__).parent
CORE = "packages/kmb-core"
APPLICATIONS = "packages/kmb-applications"
BACKENDS = {
    path.name.removeprefix("kmb-backend-"): f"packages/{path.name}"
    for path in sorted(ROOT.glob("packages/kmb-backend-*"))
}
TRAINING = [name for name in BACKENDS if name != "numpy"]  # NumPy has no gradients
# A lighter build that is imported under the same name, which pip cannot know to be an equal.
LIGHTER = {"tensorflow": "tensorflow-cpu"}
TEST_TOOLS = ("pytest", "pytest-xdist", "hypothesis", "scipy", "scikit-learn")
TEST_TOOLS += ("pillow", "matplotlib", "pydot", "tensorboard")  # what the core imports when it is used
# What is tested on one backend alone: Orbax brings JAX along, and jax.export writes with flatbuffers.
TOOLS_OF_BACKEND = {"jax": ("orbax-checkpoint", "flax", "flatbuffers")}
# What is about text, files and the suite itself is the same on every backend: here XLA would only compile for minutes.
ABOUT_NO_ARRAYS = ("guards", "saving/durability", "saving/fuzzing", "conformance/test_suite_finds_errors.py")
SPARED = {"jax": ABOUT_NO_ARRAYS, "tensorflow": ABOUT_NO_ARRAYS}
CONSTRAINTS = ("-c", "constraints.txt")
IN_PARALLEL = ("-n", "2")  # on XLA half of a test's time is compilation, which one core is busy with

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
# Parity with Keras on the other backends, and conformance without sampling, are run when they are asked for.
nox.options.sessions = ["lint", "tests", "mixed", "parity(jax)", "parity(torch)", "wheels", "examples"]


def install(session: nox.Session, *requirements: str) -> None:
    # Most modules of a framework are never imported: compiling all of them takes half of an installation's time.
    session.install("--no-compile", *CONSTRAINTS, *requirements)


def install_backends(session: nox.Session, *names: str) -> None:
    """Install the core and these backends from the checkout, in one resolution."""
    usual = [f"./{BACKENDS[name]}" for name in names if name not in LIGHTER]
    lighter = [name for name in names if name in LIGHTER]
    install(session, f"./{CORE}", *usual, *(LIGHTER[name] for name in lighter))
    for name in lighter:
        session.install("--no-compile", "--no-deps", f"./{BACKENDS[name]}")


def pytest(session: nox.Session, *arguments: str, backend: str) -> None:
    environment = {"KMB_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2", "OMP_NUM_THREADS": "1"}
    if backend == "jax":  # the processes and runs that compile the same programs share them
        environment["JAX_COMPILATION_CACHE_DIR"] = str(session.cache_dir / "jax")
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        environment["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    reports = ROOT / ".nox" / "reports"  # `.ci/run` says at its end which tests failed
    report = reports / f"{session.name}-{len(list(reports.glob('*.xml')))}.xml"
    session.run("pytest", f"--junitxml={report}", *arguments, env=environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, likely bugs, and the types of the public API."""
    install(session, f"./{CORE}", "ruff", "mypy")
    session.run("ruff", "check", ".")
    session.run("mypy")


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def tests(session: nox.Session, backend: str) -> None:
    """The core's tests, the docstrings' examples, conformance and the package's own tests, on one backend alone."""
    install(session, *TEST_TOOLS, *TOOLS_OF_BACKEND.get(backend, ()))
    install_backends(session, backend)
    session.install("--no-deps", f"./{APPLICATIONS}")
    folders = [f"{CORE}/tests", f"{BACKENDS[backend]}/tests", f"{APPLICATIONS}/tests"]
    spared = [f"--ignore={CORE}/tests/{name}" for name in SPARED.get(backend, ())]
    default = ["-m", "not mixed and not parity and not exports", *spared, *filter(has_tests, folders)]
    chosen = session.posargs or default
    pytest(session, *IN_PARALLEL, *chosen, backend=backend)
    if session.posargs:
        return
    examples_of_docstrings = ("--doctest-modules", "--ignore-glob=*/conformance/*", "--pyargs", "kmb_core")
    examples_of_docstrings += ("kmb_applications",)
    pytest(session, *IN_PARALLEL, *examples_of_docstrings, backend=backend)
    conformance(session, backend)


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def exhaustive(session: nox.Session, backend: str) -> None:
    """Conformance without sampling: all rows in all dtypes, all pairs of dtypes. Not run by default: it takes long."""
    install(session, *TEST_TOOLS)
    install_backends(session, backend)
    conformance(session, backend, "--kmb-sample", "1", *session.posargs)


def conformance(session: nox.Session, backend: str, *options: str) -> None:
    """The suite for a backend, and again for its primitives alone, which have to suffice, where it shows them."""
    report = Path(session.create_tmp()) / "conformance.json"
    suite = ("--pyargs", "kmb_core.conformance", "--kmb-report", str(report))
    pytest(session, *IN_PARALLEL, *suite, "--kmb-backend", backend, *options, backend=backend)
    package = f"kmb_backend_{backend}"
    if (ROOT / BACKENDS[backend] / "src" / package / "bare.py").exists():
        pytest(session, *IN_PARALLEL, *suite, "--kmb-plugin", f"{package}.bare", *options, backend=backend)


def has_tests(folder: str) -> bool:
    return any((ROOT / folder).rglob("test_*.py"))


@nox.session
def mixed(session: nox.Session) -> None:
    """All backends alive in one process: their own tests, and all examples, in which frameworks stand side by side."""
    install(session, *TEST_TOOLS, "flax", "onnx", "onnxscript", "onnxruntime")
    install_backends(session, *BACKENDS)
    session.install("--no-deps", f"./{APPLICATIONS}")
    pytest(session, *IN_PARALLEL, "-m", "mixed", "packages", backend="numpy")
    pytest(session, *IN_PARALLEL, "--doctest-modules", "--pyargs", "kmb_applications", backend="numpy")
    run_example(session, "--backend", "torch")
    session.run("python", "examples/fine_tune.py", "--backend", "torch", env={"OMP_NUM_THREADS": "1"})
    run_examples(session, "torch_loop.py", "torch_modules.py", "torch_train_step.py")
    run_examples(session, "torch_ddp.py", processes=2)
    run_examples(session, "tensorflow_loop.py", "tensorflow_train_step.py", "tensorflow_distribute.py")
    run_examples(session, "export_model.py", "data_parallel.py --backend tensorflow")
    run_examples(session, "data_parallel.py --backend torch", processes=2)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Thousands of damaged and made-up files of each kind: read right or refused. Not run by default."""
    install(session, *TEST_TOOLS)
    install_backends(session, "numpy")
    session.env["KMB_FUZZ"] = os.environ.get("KMB_FUZZ", "5000")
    pytest(session, *IN_PARALLEL, f"{CORE}/tests/saving/fuzzing", *session.posargs, backend="numpy")


@nox.session
def durability(session: nox.Session) -> None:
    """Each writer of files killed fifty times, and without room on the disk. Not run by default."""
    install(session, *TEST_TOOLS)
    install_backends(session, "torch")  # some files are written while a model trains
    session.env["KMB_KILLS"] = os.environ.get("KMB_KILLS", "50")
    pytest(session, *IN_PARALLEL, f"{CORE}/tests/saving/durability", *session.posargs, backend="torch")


@nox.session
def exports(session: nox.Session) -> None:
    """Formats whose packages are large: OpenVINO. Not run by default."""
    install(session, *TEST_TOOLS, "openvino")
    install_backends(session, "tensorflow")
    pytest(session, "-m", "exports", "packages", *session.posargs, backend="tensorflow")


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def parity(session: nox.Session, backend: str) -> None:
    """Keras, as installed from PyPI, is the oracle: same values, same descriptions, same files in both directions.

    Each op's calls are all made and each object's files exchanged, but for JAX, which compiles for each; there it is a
    sample, and `KMB_PARITY_SAMPLE=1` does them all too.
    """
    # Keras reads text and folders with TensorFlow whatever its backend is; on NumPy it resizes and transforms with JAX.
    oracle = ("keras", LIGHTER["tensorflow"], *(["jax"] if backend == "numpy" else []))
    install(session, *TEST_TOOLS, *TOOLS_OF_BACKEND.get(backend, ()), *oracle)
    install_backends(session, backend)
    session.env["KERAS_BACKEND"] = backend
    if backend == "jax":
        session.env["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # half of the compiler's time
        session.env["KMB_PARITY_SAMPLE"] = os.environ.get("KMB_PARITY_SAMPLE", "0.03")
    # torch compiles nothing: it compares everything, but for folders, which become `tf.data` datasets in Keras.
    here = f"{CORE}/tests/parity"
    chosen = {
        "numpy": [f"{here}/ops"],
        "tensorflow": [f"{here}/{part}" for part in ("ops", "folders", "interchange")],
        "jax": [
            f"{here}/{part}" for part in ("ops", "losses", "metrics", "optimizers", "interchange", "test_image.py")
        ],
        "torch": [f"{CORE}/tests", f"--ignore={here}/folders"],
    }.get(backend, [here])
    pytest(session, *IN_PARALLEL, "-m", "parity", *session.posargs or chosen, backend=backend)


@nox.session(name="applications-parity")
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def applications_parity(session: nox.Session, backend: str) -> None:
    """Every architecture of kmb-applications beside Keras's, with the same weights. Not run by default."""
    install(session, *TEST_TOOLS, "keras")
    install_backends(session, backend)
    session.install("--no-compile", "--no-deps", f"./{APPLICATIONS}")
    session.env["KERAS_BACKEND"] = backend
    pytest(session, *IN_PARALLEL, "-m", "parity", f"{APPLICATIONS}/tests", *session.posargs, backend=backend)


@nox.session
def wheels(session: nox.Session) -> None:
    """Each wheel installs into a clean environment and is imported alone, without its framework."""
    dist = Path(session.create_tmp()) / "dist"
    packages = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
    for package in packages:
        session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(dist), str(package))
    for package in packages:
        import_alone(session, dist, package.name)


def import_alone(session: nox.Session, dist: Path, package: str) -> None:
    environment = dist.parent / package
    python = str(environment / "bin" / "python")
    session.run("python", "-m", "venv", "--clear", str(environment))
    pip = [python, "-m", "pip", "install", "-q"]
    # The core with everything it asks for; the package itself without, since its framework is what must not be needed.
    session.run(*pip, *CONSTRAINTS, "--find-links", str(dist), wheel(dist, "kmb-core"), external=True)
    session.run(*pip, "--no-deps", wheel(dist, package), external=True)
    session.run(python, "-c", IMPORT_ALONE, package, external=True)


def wheel(dist: Path, package: str) -> str:
    (found,) = dist.glob(f"{package.replace('-', '_')}-*.whl")
    return str(found)


IMPORT_ALONE = """
import importlib, importlib.metadata, pathlib, sys
distribution = sys.argv[1]
module = importlib.import_module(distribution.replace("-", "_"))
assert module.__version__ == importlib.metadata.version(distribution)
assert (pathlib.Path(module.__file__).parent / "py.typed").exists()
assert any(file.name == "LICENSE" for file in importlib.metadata.files(distribution))
for point in importlib.metadata.distribution(distribution).entry_points:
    point.load()
frameworks = {"torch", "jax", "tensorflow"} & set(sys.modules)
assert not frameworks, frameworks
print(distribution, module.__version__, "imports alone")
"""


@nox.session
def examples(session: nox.Session) -> None:
    """The README's main command, to the letter, and the examples for JAX; those for all frameworks run in `mixed`."""
    install(session, f"./{CORE}", f"./{BACKENDS['jax']}", "scikit-learn", "optax")
    run_example(session)
    run_examples(session, "jax_loop.py", "jax_train_step.py", "compute_loss.py", "jax_pmap.py", "data_parallel.py")


@nox.session(name="fine-tune")
@nox.parametrize("backend", TRAINING, ids=TRAINING)
def fine_tune(session: nox.Session, backend: str) -> None:
    """The example of fine-tuning with one backend alone. Not run by default, where `mixed` does it on torch."""
    install(session, "scikit-learn")
    install_backends(session, backend)
    session.install("--no-compile", "--no-deps", f"./{APPLICATIONS}")
    run_examples(session, f"fine_tune.py --backend {backend}")


def run_examples(session: nox.Session, *commands: str, processes: int = 1) -> None:
    # A machine need not know its own name.
    together = ("torchrun", "--local-addr", "127.0.0.1", "--nproc-per-node", str(processes))
    launcher = ("python",) if processes == 1 else together
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", "OMP_NUM_THREADS": "1"}
    for command in commands:
        session.run(*launcher, *f"examples/{command}".split(), env=environment)


def run_example(session: nox.Session, *arguments: str) -> None:
    file = Path(session.create_tmp()) / "digits.keras"
    session.run("python", "examples/digits.py", "--file", str(file), *arguments, env={"TF_CPP_MIN_LOG_LEVEL": "2"})


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def benchmarks(session: nox.Session, backend: str) -> None:
    """Every figure of benchmarks/README.md, beside Keras. Not run by default: it wants an idle machine."""
    install(session, "keras", *(["optax"] if backend == "jax" else []))
    install_backends(session, backend)
    session.run("python", "benchmarks/all.py", "--backend", backend, env={"KMB_BACKEND": backend})
