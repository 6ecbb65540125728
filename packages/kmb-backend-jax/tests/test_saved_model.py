"""SavedModel from JAX: what TensorFlow loads computes what the model predicts, for sizes that were left open."""

import numpy as np
import pytest

import kmb_core
from kmb_core import tree
from kmb_core.conformance.exported import assert_same, dicts, inputs_of, mlp, recurrence

pytestmark = pytest.mark.mixed  # TensorFlow is in that environment


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
