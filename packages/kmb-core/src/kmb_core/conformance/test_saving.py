"""Saved here and loaded there: a `.keras` file of this backend on itself and on every other one that is installed."""

import numpy as np
import pytest

from kmb_core import Input, Model, layers, losses, ops, optimizers, saving
from kmb_core.backend import use_backend
from kmb_core.conformance import perceptron
from kmb_core.errors import KmbError
from kmb_core.plugins import Capability, installed_backends, load_backend

X = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype("float32")


def convolutional():
    """A graph with a branch, statistics and an op."""
    inputs = Input((8, 8, 1))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    shortcut = layers.AveragePooling2D(2, padding="same")(inputs)
    x = layers.Concatenate()([x, ops.tanh(shortcut)])
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return Model(inputs, layers.Dense(3, activation="softmax")(x))


def loadable(name):
    try:
        load_backend(name)
    except KmbError:  # a neighbour that is broken is not this backend's fault
        return False
    return True


@pytest.fixture(params=sorted(installed_backends()))
def elsewhere(request):
    """Each backend of this machine, the one that is proved among them."""
    if not loadable(request.param):
        pytest.skip(f"the {request.param} backend does not load")
    return request.param


@pytest.mark.conformance("inference")
def test_a_loaded_model_predicts_the_same_everywhere(elsewhere, tmp_path):
    model = convolutional()
    expected = model.predict(X, verbose=0)
    saving.save_model(model, tmp_path / "model.keras")
    with use_backend(elsewhere):
        found = saving.load_model(tmp_path / "model.keras").predict(X, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.conformance("inference")
def test_what_another_backend_saved_predicts_the_same_here(elsewhere, tmp_path):
    with use_backend(elsewhere):
        model = convolutional()
        expected = model.predict(X, verbose=0)
        saving.save_model(model, tmp_path / "model.keras")
    found = saving.load_model(tmp_path / "model.keras").predict(X, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.conformance("inference")
def test_weights_travel_in_a_file_of_their_own(tmp_path):
    model, other = perceptron.model(), perceptron.model()
    other.set_weights([w + 1 for w in perceptron.initial_weights()])
    saving.save_weights(model, tmp_path / "model.weights.h5")
    saving.load_weights(other, tmp_path / "model.weights.h5")
    for got, wanted in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.conformance("training", needs=Capability.GRADIENTS)
def test_training_goes_on_where_it_was_saved(tmp_path):
    x, y = perceptron.data()
    model = perceptron.model()
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=optimizers.Adam(0.01, epsilon=1e-5), loss=loss)
    model.train_on_batch(x, y)
    saving.save_model(model, tmp_path / "model.keras")
    loaded = saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        one.train_on_batch(x, y)
    for got, wanted in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6)
