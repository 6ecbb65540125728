"""LiteRT: what its interpreter computes is what the model predicts."""

import numpy as np
import pytest
import tensorflow as tf

import kmb_core
from kmb_core import layers, tree
from kmb_core.errors import ExportError
from kmb_core.export import load_exported


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


@pytest.mark.parametrize("make", [mlp, convolutions, attention, dicts])
def test_the_interpreter_computes_what_the_model_predicts_for_any_batch(make, tmp_path):
    model = make()
    model.export(tmp_path / "model.tflite", format="litert", enable_select_tf_ops=False)
    serve = load_exported(tmp_path / "model.tflite", "litert")["serve"]
    for batch in (1, 4):
        x = inputs_of(model, batch)
        given = {"left": x["second"], "right": x["first"]} if make is dicts else {}
        assert_same(serve(**given) if given else serve(x), model.predict(x, verbose=0))


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_the_file_has_a_signature_for_each_endpoint(tmp_path):
    model = mlp()
    archive = kmb_core.export.ExportArchive()
    archive.format = "litert"
    archive.track_and_add_endpoint("plain", model, None)
    archive.add_endpoint("doubled", lambda x: 2.0 * model(x), [kmb_core.InputSpec(shape=(None, 4), name="x")])
    archive.write_out(tmp_path / "model.tflite", verbose=False)
    interpreter = tf.lite.Interpreter(str(tmp_path / "model.tflite"))
    assert set(interpreter.get_signature_list()) == {"plain", "doubled"}
    x = inputs_of(model, 2)
    doubled = interpreter.get_signature_runner("doubled")(x=x)["output_0"]
    np.testing.assert_allclose(doubled, 2 * model.predict(x, verbose=0), rtol=1e-4)


def test_a_sequence_of_states_needs_a_batch_of_known_size(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((6, 3)), layers.LSTM(4, return_sequences=True)])
    with pytest.raises(ExportError, match=r"LSTM '.*lstm.*' cannot be exported"):
        model.export(tmp_path / "model.tflite", format="litert", enable_select_tf_ops=False)
    signature = [kmb_core.InputSpec(shape=(1, 6, 3))]
    model.export(tmp_path / "model.tflite", format="litert", input_signature=signature, enable_select_tf_ops=False)
    x = inputs_of(model, 1)
    assert_same(load_exported(tmp_path / "model.tflite", "litert")["serve"](x), model.predict(x, verbose=0))


def test_quantized_weights_differ_by_more_than_is_allowed_unless_it_is_said(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((64,)), layers.Dense(64), layers.Dense(2)])
    options = {"format": "litert", "optimizations": [tf.lite.Optimize.DEFAULT]}
    with pytest.raises(ExportError, match="differs from the model's"):
        model.export(tmp_path / "model.tflite", **options)
    model.export(tmp_path / "model.tflite", **options, tolerance=0.1)
    assert (tmp_path / "model.tflite").stat().st_size < 10_000
