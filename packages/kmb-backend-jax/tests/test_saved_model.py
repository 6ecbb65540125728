"""SavedModel from JAX: what TensorFlow loads computes what the model predicts, for sizes that were left open."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, tree

pytestmark = pytest.mark.mixed  # TensorFlow is in that environment


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


def recurrence():
    x = kmb_core.Input((None, 3))
    h = layers.LSTM(4, return_sequences=True)(layers.Conv1D(4, 2)(x))
    return kmb_core.Model(x, layers.GRU(2)(h))


def dicts():
    left, right = kmb_core.Input((4,), name="left"), kmb_core.Input((3,), name="right")
    h = layers.Concatenate()([layers.Dense(3)(right), left])
    outputs = {"sum": layers.Dense(1)(h), "parts": [h, layers.Dense(2)(h)]}
    return kmb_core.Model({"second": left, "first": right}, outputs)


@pytest.mark.parametrize("make", [mlp, recurrence, dicts])
def test_an_exported_model_serves_what_it_predicts_for_any_batch(make, tmp_path):
    import tensorflow as tf

    model = make()
    model.export(tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    x = inputs_of(model, 4)
    served = tf.nest.flatten(loaded.serve(tree.map_structure(tf.constant, x)))
    assert_same([np.asarray(part) for part in served], model.predict(x, verbose=0))
    assert len(loaded.trainable_variables) == len(model.trainable_variables)


def test_an_archive_has_signatures_by_name_and_collections(tmp_path):
    import tensorflow as tf

    model = dicts()
    archive = kmb_core.export.ExportArchive()
    archive.track_and_add_endpoint("plain", model, None)
    archive.add_variable_collection("head", model.layers[-1].variables)
    archive.write_out(tmp_path / "archive", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    x = inputs_of(model, 2)
    served = loaded.signatures["serving_default"](left=tf.constant(x["second"]), right=tf.constant(x["first"]))
    assert_same([served[f"output_{index}"] for index in range(3)], model.predict(x, verbose=0))
    assert_same(list(loaded.head), model.layers[-1].get_weights())


def test_what_an_endpoint_assigns_is_kept_where_that_is_asked_for(tmp_path):
    import tensorflow as tf

    calls = kmb_core.Variable(0.0, trainable=False, name="calls")

    def count(x):
        calls.assign(calls + 1.0)
        return x + calls

    archive = kmb_core.export.ExportArchive()
    signature = [kmb_core.InputSpec(shape=(None,))]
    archive.add_endpoint("counted", count, signature, is_static=False)
    archive.add_endpoint("still", count, signature, jax2tf_kwargs={"with_gradient": False})
    archive.write_out(tmp_path / "archive", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    assert [float(loaded.counted(tf.zeros(1))[0]) for _ in range(3)] == [1.0, 2.0, 3.0]
    assert [float(loaded.still(tf.zeros(1))[0]) for _ in range(2)] == [4.0, 4.0]
    assert float(calls.numpy()) == 0.0
