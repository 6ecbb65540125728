"""`.keras` files go both ways between kmb and Keras, with the same predictions; Keras runs as installed from PyPI."""

import numpy as np
import pytest

import kmb_core

pytestmark = pytest.mark.parity

X = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def convnet(library):
    """Written once, built by either library: a branch, a sum and a concatenation around the built-in layers."""
    layers = library.layers
    inputs = library.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, layers.Conv2D(4, 1)(x)])
    x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    x = layers.Dropout(0.5)(layers.LayerNormalization()(x))
    x = layers.Flatten()(x)
    return library.Model(inputs, layers.Dense(3, activation="softmax")(x))


def trained(library):
    """A step of training, so that the optimizer and the moving statistics have something to save."""
    model = convnet(library)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, np.array([0, 1, 2, 0]), epochs=1, verbose=0)
    return model


@pytest.mark.parametrize("direction", ["kmb reads Keras", "Keras reads kmb"])
def test_a_file_predicts_the_same_on_the_other_side(keras, tmp_path, direction):
    writer, reader = (keras, kmb_core) if direction == "kmb reads Keras" else (kmb_core, keras)
    model = trained(writer)
    model.save(tmp_path / "model.keras")
    read = reader.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(read.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-5)
    assert [layer.name for layer in read.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("direction", ["kmb reads Keras", "Keras reads kmb"])
def test_the_optimizers_state_goes_with_the_file(keras, tmp_path, direction):
    writer, reader = (keras, kmb_core) if direction == "kmb reads Keras" else (kmb_core, keras)
    model = trained(writer)
    model.save(tmp_path / "model.keras")
    read = reader.saving.load_model(tmp_path / "model.keras")
    assert int(read.optimizer.iterations) == 1
    for ours, theirs in zip(read.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=1e-6)


def test_a_training_step_from_the_same_weights_gives_the_same_loss(keras):
    labels = np.array([0, 1, 2, 0])
    losses = []
    start = convnet(keras).get_weights()
    for library in (keras, kmb_core):
        model = convnet(library)
        model.set_weights(start)
        model.layers[-3].rate = 0.0  # the two draw different random numbers
        model.compile("adam", "sparse_categorical_crossentropy")
        losses.append([model.train_on_batch(X, labels) for _ in range(3)])
    np.testing.assert_allclose(np.asarray(losses[1], "float64"), np.asarray(losses[0], "float64"), atol=1e-4)
