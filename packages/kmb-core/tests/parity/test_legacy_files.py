"""`.h5` files that Keras writes give the same predictions and the same next step here; Keras runs as from PyPI."""

import numpy as np
import pytest

import kmb_core

pytestmark = pytest.mark.parity

X = np.random.default_rng(0).random((4, 6, 6, 1)).astype("float32")
Y = np.array([0, 1, 2, 0])


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def graph(library):
    """A shared layer, a sum, an op in the graph, models in the model, recurrence: everything has an order to keep."""
    layers = library.layers
    inputs = library.Input((6, 6, 1))
    steps = [library.Input((3, 3, 4)), layers.BatchNormalization(), layers.BatchNormalization(), layers.Conv2D(2, 1)]
    inner = library.Sequential(steps, name="inner")
    convolution = layers.Conv2D(4, 3, padding="same", activation="relu")
    x = layers.MaxPooling2D(2)(convolution(inputs))
    x = inner(x + layers.AveragePooling2D(2)(convolution(inputs)))
    x = layers.Bidirectional(layers.LSTM(3))(layers.Reshape((9, 2))(library.ops.abs(x)))
    return library.Model(inputs, layers.Dense(3, activation="softmax")(layers.Dropout(0.0)(x)))


def chain(library):
    layers = library.layers
    return library.Sequential([library.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")])


def by_names(library, model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])


def by_objects(library, model):
    optimizer = library.optimizers.SGD(library.optimizers.schedules.ExponentialDecay(0.1, 1, 0.9), momentum=0.9)
    metrics = [library.metrics.SparseCategoricalAccuracy(name="a"), library.metrics.SparseTopKCategoricalAccuracy(2)]
    model.compile(optimizer, library.losses.SparseCategoricalCrossentropy(), metrics=metrics)


@pytest.mark.parametrize("compiled", [by_names, by_objects])
@pytest.mark.parametrize("architecture", [graph, chain])
def test_a_file_of_keras_predicts_and_trains_the_same_here(keras, tmp_path, architecture, compiled):
    theirs = architecture(keras)
    compiled(keras, theirs)
    theirs.fit(X, Y, epochs=1, verbose=0)
    theirs.save(tmp_path / "m.h5")
    ours = kmb_core.saving.load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), atol=1e-5)
    steps = [[model.train_on_batch(X, Y) for _ in range(2)] for model in (theirs, ours)]
    np.testing.assert_allclose(np.array(steps[1], "float64"), np.array(steps[0], "float64"), atol=1e-5)
    assert int(ours.optimizer.iterations) == 3


@pytest.mark.parametrize("options", [{}, {"by_name": True}])
def test_its_weights_are_read_into_a_model_made_here(keras, tmp_path, options):
    theirs = graph(keras)
    theirs.save(tmp_path / "m.h5")
    ours = graph(kmb_core)
    for layer, other in zip(ours.layers, theirs.layers, strict=True):
        layer.name = other.name
    ours.load_weights(tmp_path / "m.h5", **options)
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), atol=1e-5)
