"""Keras and kmb read each other's checkpoints of Orbax.

Variables are found by their paths. Those of a Sequential begin with its name, and in one that is read from a file they
do not: Keras 3.15 then leaves its own checkpoints' weights unread, so it reads functional models only.
"""

import numpy as np
import pytest

import kmb_core

pytest.importorskip("orbax.checkpoint")
pytestmark = pytest.mark.parity

X, Y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")


def functional(library):
    inputs = library.Input((3,))
    return library.Model(inputs, library.layers.Dense(2, name="head")(inputs), name="m")


def sequential(library):
    return library.Sequential([library.Input((3,)), library.layers.Dense(2, name="head")], name="m")


def trained(make, library, folder):
    model = make(library)
    model.compile(library.optimizers.Adam(name="own"), "mse")  # its name is the beginning of its variables' paths
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[library.callbacks.OrbaxCheckpoint(str(folder))])
    return model


def compared(model, read):
    for own, other in zip(model.weights, read.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(own), np.asarray(other))
    own, other = ({_shape_and_sum(v) for v in one.optimizer.variables} for one in (model, read))
    assert own == other


def _shape_and_sum(variable):
    value = np.asarray(variable)
    return value.shape, float(value.astype("float64").sum())


@pytest.mark.parametrize("make", [functional, sequential])
def test_what_keras_wrote_is_read(tmp_path, make):
    import keras

    model = trained(make, keras, tmp_path)
    compared(model, kmb_core.saving.load_model(tmp_path))
    other = make(kmb_core)
    other.load_weights(tmp_path)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_keras_reads_what_was_written_here(tmp_path):
    import keras

    model = trained(functional, kmb_core, tmp_path)
    compared(model, keras.saving.load_model(str(tmp_path)))


def test_vocabularies_are_read_from_where_keras_writes_them(tmp_path):
    import keras

    lookup = keras.layers.StringLookup(name="look")
    lookup.adapt(np.array(["one", "two", "two"]))
    model = keras.Sequential([keras.Input((1,), dtype="string"), lookup])
    callback = keras.callbacks.OrbaxCheckpoint(str(tmp_path))
    model.compile("sgd", "mse")
    callback.set_model(model)
    callback.on_epoch_end(0, {})
    callback.on_train_end()
    assert kmb_core.saving.load_model(tmp_path).layers[-1].get_vocabulary() == ["[UNK]", "two", "one"]
