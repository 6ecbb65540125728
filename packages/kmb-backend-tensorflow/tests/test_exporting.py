"""SavedModel: what `tf.saved_model.load` gives computes what the model predicts, without this library."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import kmb_core
from kmb_core import layers, tree
from kmb_core.conformance.exported import assert_same, attention, convolutions, dicts, inputs_of, lists, mlp, recurrence
from kmb_core.errors import ExportError, StructureError


class TwoArguments(kmb_core.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, x, y, training=False):
        return self.dense(x) + y


def two_arguments():
    model = TwoArguments()
    model(np.ones((2, 4), "float32"), np.ones((2, 3), "float32"))
    return model


@pytest.mark.parametrize("make", [mlp, convolutions, recurrence, attention, dicts, lists])
def test_an_exported_model_serves_what_it_predicts_for_any_batch(make, tmp_path):
    model = make()
    model.export(tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for batch in (1, 4):
        x = inputs_of(model, batch)
        served = tree.map_structure(np.asarray, tf.nest.flatten(loaded.serve(tree.map_structure(tf.constant, x))))
        assert_same(served, model.predict(x, verbose=0))


def test_a_model_with_two_arguments_serves_two(tmp_path):
    model = two_arguments()
    model.export(tmp_path / "model")
    x, y = np.ones((5, 4), "float32"), np.ones((5, 3), "float32")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    assert_same(loaded.serve(x, y), np.asarray(model(x, y)))


def test_the_default_signature_takes_and_gives_tensors_by_name(tmp_path):
    model = dicts()
    model.export(tmp_path / "model")
    signature = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    x = inputs_of(model, 2)
    served = signature(left=tf.constant(x["second"]), right=tf.constant(x["first"]))
    assert_same([served[f"output_{index}"] for index in range(3)], model.predict(x, verbose=0))


def test_outputs_in_a_dict_keep_their_names_in_the_signature(tmp_path):
    x = kmb_core.Input((4,), name="some input")
    kmb_core.Model(x, {"b": layers.Dense(2)(x), "a": layers.Dense(1)(x)}).export(tmp_path / "model")
    signature = tf.saved_model.load(str(tmp_path / "model")).signatures["serve"]
    assert {name: x.shape[1] for name, x in signature.structured_outputs.items()} == {"b": 2, "a": 1}
    assert list(signature.structured_input_signature[1]) == ["some_input"]


def test_an_artifact_needs_nothing_but_tensorflow(tmp_path):
    model = mlp()
    model.export(tmp_path / "model")
    program = (
        "import sys; sys.modules['kmb_core'] = None; import tensorflow as tf;"
        f"loaded = tf.saved_model.load({str(tmp_path / 'model')!r});"
        "print(float(tf.reduce_sum(loaded.serve(tf.ones((3, 4))))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(3.0, abs=1e-5)  # of three rows of probabilities


def test_an_archive_holds_endpoints_variables_and_collections(tmp_path):
    model = mlp()
    archive = kmb_core.export.ExportArchive()
    archive.track(model)
    signature = [kmb_core.InputSpec(shape=(None, 4), dtype="float32")]
    archive.add_endpoint("score", lambda x: kmb_core.ops.max(model(x), axis=-1), signature)
    archive.add_endpoint("training", lambda x: model(x, training=True), signature)
    archive.track_and_add_endpoint("plain", model, None)
    archive.add_variable_collection("head", model.layers[-1].variables)
    archive.write_out(tmp_path / "archive", tf.saved_model.SaveOptions(), verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    x = inputs_of(model, 3)
    expected = model.predict(x, verbose=0)
    assert_same(loaded.score(x), expected.max(-1))
    assert_same(loaded.plain(x), expected)
    assert_same(list(loaded.head), model.layers[-1].get_weights())
    assert loaded.training(x).shape == (3, 2)
    assert len(loaded.trainable_variables) == 4
    assert len(loaded.variables) == len(model.variables)
    first = loaded.signatures["serving_default"](input_0=tf.constant(x))
    assert_same(first["output_0"], expected.max(-1))


def test_a_function_of_tensorflow_says_itself_what_it_takes(tmp_path):
    factor = tf.Variable([2.0, 3.0])

    @tf.function
    def scaled(x):
        return x * factor

    archive = kmb_core.export.ExportArchive()
    with pytest.raises(StructureError, match="nothing says what the function takes"):
        archive.add_endpoint("scaled", scaled)
    scaled(tf.ones((3, 2)))
    archive.add_endpoint("scaled", scaled)
    archive.write_out(tmp_path / "archive", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    np.testing.assert_allclose(loaded.scaled(tf.ones((3, 2))), [[2.0, 3.0]] * 3)


def test_tables_of_layers_and_of_tensorflow_are_served(tmp_path):
    lookup = layers.StringLookup(vocabulary=["a", "b c"])
    prices = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([1, 2], [5.0, 7.0], tf.int64), -1.0)
    archive = kmb_core.export.ExportArchive()
    archive.track(lookup)
    archive.track(prices)
    words = [tf.TensorSpec((None,), tf.string)]
    archive.add_endpoint("price", lambda x: prices.lookup(tf.cast(lookup(x), tf.int64)), words)
    archive.write_out(tmp_path / "archive", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    np.testing.assert_allclose(loaded.price(tf.constant(["b c", "a", "other"])), [7.0, 5.0, -1.0])


def test_a_layer_that_asks_for_a_value_is_named(tmp_path):
    class Peeking(layers.Layer):
        def call(self, inputs):
            return inputs if float(kmb_core.ops.convert_to_numpy(inputs).sum()) > 0 else -inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    x = kmb_core.Input((4,))
    model = kmb_core.Model(x, layers.Dense(2)(Peeking(name="peeking")(layers.Dense(4)(x))))
    with pytest.raises(ExportError, match="Peeking 'peeking' cannot be exported"):
        model.export(tmp_path / "model")
    assert not (tmp_path / "model").exists()
