"""One model in the formats that can be written here, each read again and compared with `predict`.

    pip install "kmb-core[torch]" onnx onnxscript onnxruntime
    python examples/export_model.py

What is written depends on what is installed; a model of another backend is moved for it.
"""

import tempfile
from pathlib import Path

import numpy as np

import kmb_core as keras
from kmb_core import layers

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx", "stablehlo": ".stablehlo", "torch": ".pt2"}


def main() -> None:
    x = np.random.default_rng(0).random((5, 8), "float32")
    model = keras.Sequential(
        [keras.Input((8,), name="features"), layers.Dense(16, "relu"), layers.BatchNormalization(), layers.Dense(3)]
    )
    expected = model.predict(x, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        for format, backends in keras.export.export_formats().items():
            path = Path(folder, f"model{SUFFIXES.get(format, '')}")
            model.export(path, format=format, verbose=False)
            outputs = keras.export.load_exported(path, format)["serve"](x)
            outputs = outputs[0] if isinstance(outputs, list) else outputs
            np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
            print(f"{format:15} written by {backends[0]:11} gives what predict gives")


if __name__ == "__main__":
    main()
