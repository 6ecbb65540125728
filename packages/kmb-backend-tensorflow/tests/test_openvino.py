"""OpenVINO: what it computes is what the model predicts."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, tree
from kmb_core.export import load_exported

pytestmark = pytest.mark.exports


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
    stack = [layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(), layers.MaxPooling2D()]
    return kmb_core.Sequential([kmb_core.Input((8, 8, 3)), *stack, layers.GlobalAveragePooling2D(), layers.Dense(2)])


def recurrence():
    x = kmb_core.Input((None, 3))
    h = layers.LSTM(4, return_sequences=True)(layers.Conv1D(4, 2)(x))
    return kmb_core.Model(x, layers.GRU(2)(h))


def dicts():
    left, right = kmb_core.Input((4,), name="left"), kmb_core.Input((3,), name="right")
    h = layers.Concatenate()([layers.Dense(3)(right), left])
    outputs = {"sum": layers.Dense(1)(h), "parts": [h, layers.Dense(2)(h)]}
    return kmb_core.Model({"second": left, "first": right}, outputs)


@pytest.mark.parametrize("make", [mlp, convolutions, recurrence, dicts])
def test_openvino_computes_what_the_model_predicts(make, tmp_path):
    model = make()
    model.export(tmp_path / "model", format="openvino")
    assert {file.name for file in (tmp_path / "model").iterdir()} == {"model.xml", "model.bin"}
    serve = load_exported(tmp_path / "model", "openvino")["serve"]
    x = inputs_of(model, 4)
    given = {"left": x["second"], "right": x["first"]} if make is dicts else {}
    assert_same(serve(**given) if given else serve(x), model.predict(x, verbose=0))
