"""ONNX: what ONNX Runtime and the reference of the format compute is what the model predicts."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, tree
from kmb_core.errors import ExportError
from kmb_core.export import load_exported

pytestmark = pytest.mark.mixed  # the packages of ONNX are in that environment


def inputs_of(model, batch, length=6):
    """Arrays like a model's inputs; whole numbers where it looks them up."""
    generator = np.random.default_rng(0)

    def one(x):
        shape = [batch, *(length if size is None else size for size in x.shape[1:])]
        return (
            generator.integers(0, 7, shape).astype("int32")
            if x.dtype == "int32"
            else generator.normal(size=shape).astype("float32")
        )

    return tree.map_structure(one, model.input)


def assert_same(outputs, expected):
    for ours, theirs in zip(tree.flatten(outputs), tree.flatten(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def mlp():
    return kmb_core.Sequential(
        [
            kmb_core.Input((4,)),
            layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 16.0]),
            layers.Dense(8, activation="gelu"),
            layers.Dropout(0.5),
            layers.Dense(2, activation="softmax"),
        ]
    )


def convolutions():
    stack = [layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(6.0), layers.MaxPooling2D()]
    return kmb_core.Sequential([kmb_core.Input((8, 8, 3)), *stack, layers.GlobalAveragePooling2D(), layers.Dense(2)])


def recurrence():
    x = kmb_core.Input((6, 3))
    h = layers.LSTM(4, return_sequences=True)(layers.Conv1D(4, 2)(x))
    return kmb_core.Model(x, layers.GRU(2)(h))


def attention():
    ids = kmb_core.Input((5,), dtype="int32", name="ids")
    h = layers.Embedding(7, 8, mask_zero=True)(ids)
    h = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 4)(h, h))
    return kmb_core.Model(ids, layers.Dense(3)(layers.GlobalAveragePooling1D()(h)))


def dicts():
    left, right = kmb_core.Input((4,), name="left"), kmb_core.Input((3,), name="right")
    h = layers.Concatenate()([layers.Dense(3)(right), left])
    outputs = {"sum": layers.Dense(1)(h), "parts": [h, layers.Dense(2)(h)]}
    return kmb_core.Model({"second": left, "first": right}, outputs)


@pytest.mark.parametrize("make", [mlp, convolutions, recurrence, attention, dicts])
def test_onnx_runtime_computes_what_the_model_predicts_for_any_batch(make, tmp_path):
    import onnxruntime

    model = make()
    model.export(tmp_path / "model.onnx", format="onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [x.name for x in session.get_inputs()]
    for batch in (1, 4):
        x = inputs_of(model, batch)
        outputs = session.run(None, dict(zip(names, tree.flatten(x), strict=True)))
        assert_same(outputs, model.predict(x, verbose=0))


def test_inputs_have_the_names_of_the_models(tmp_path):
    import onnx

    dicts().export(tmp_path / "model.onnx", format="onnx", opset_version=18)
    model = onnx.load(str(tmp_path / "model.onnx"))
    onnx.checker.check_model(model)
    assert {x.name for x in model.graph.input} == {"left", "right"}
    assert model.opset_import[0].version == 18


def test_without_the_runtime_the_reference_of_the_format_compares(tmp_path, monkeypatch):
    monkeypatch.setattr("kmb_backend_torch.onnx.find_spec", lambda name: None)
    model = mlp()
    model.export(tmp_path / "model.onnx", format="onnx")
    x = inputs_of(model, 4)
    assert_same(load_exported(tmp_path / "model.onnx", "onnx")["serve"](x), model.predict(x, verbose=0))


def test_what_the_runtime_has_no_kernel_for_is_named(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(8, dtype="bfloat16", name="half")])
    with pytest.raises(ExportError, match=r"Dense '.*half' cannot be exported"):
        model.export(tmp_path / "model.onnx", format="onnx")
