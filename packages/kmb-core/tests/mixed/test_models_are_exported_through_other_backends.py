"""A format that a model's backend does not write is written by another, which the model is moved to."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import ExportError
from kmb_core.export import export_formats, load_exported

pytestmark = pytest.mark.mixed
X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)


def model_on(backend):
    with kmb_core.use_backend(backend):
        stack = [layers.Dense(3, activation="tanh"), layers.BatchNormalization(), layers.Dense(2)]
        return kmb_core.Sequential([kmb_core.Input((4,)), *stack])


@pytest.mark.parametrize(
    ("backend", "format"),
    [
        ("torch", "tf_saved_model"),
        ("torch", "stablehlo"),
        ("jax", "torch"),
        ("tensorflow", "torch"),
        ("numpy", "litert"),
    ],
)
def test_the_artifact_computes_what_the_model_predicts(backend, format, tmp_path):
    model = model_on(backend)
    with pytest.warns(UserWarning, match=f"backend {backend} does not write '{format}'; the model is moved to"):
        model.export(tmp_path / "model", format=format)
    outputs = load_exported(tmp_path / "model", format)["serve"](X)
    outputs = outputs[0] if isinstance(outputs, list) else outputs
    np.testing.assert_allclose(outputs, model.predict(X, verbose=0), rtol=1e-4, atol=1e-5)


def test_each_format_lists_the_backend_that_asks_for_least_first():
    formats = export_formats()
    assert formats["tf_saved_model"] == ["tensorflow", "jax"]
    assert formats["torch"] == ["torch"]
    assert formats["stablehlo"] == ["jax"]


def test_a_lambda_cannot_be_moved_and_the_message_says_so(tmp_path):
    with kmb_core.use_backend("torch"):
        model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Lambda(lambda x: x + 1)])
    with pytest.raises(ExportError, match="cannot be moved from backend torch to tensorflow"):
        model.export(tmp_path / "model", verbose=False)
