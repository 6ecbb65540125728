"""Every model is Keras's: names, order and shapes of weights, and with the same weights the same outputs."""

import importlib
import os

import numpy as np
import pytest

import kmb_applications
from kmb_core import applications, utils

pytestmark = pytest.mark.parity

# The smallest images with which a model's top can be built; 32 where the table says nothing.
SIDES = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}
# Keras refuses to build these on a backend; the other backends compare them.
ABSENT = {"torch": {"NASNetMobile"}}.get(os.environ.get("KMB_BACKEND", "torch"), set())
# Untrained, their features grow from block to block until the last digit of the first ones decides on the outputs.
CALMED = {"EfficientNetV2L"}
NAMES = [name for names in kmb_applications.MODELS.values() for name in names if name not in ABSENT]


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", os.environ.get("KMB_BACKEND", "torch"))
    return importlib.import_module("keras")


def described(model):
    return [(layer.name, [tuple(weight.shape) for weight in layer.weights]) for layer in model.layers]


def of_training(model):
    """What the outputs of a model that is not trained do not show, in order."""
    configs = [layer.get_config() for layer in model.layers if layer.weights or "rate" in layer.get_config()]
    return [{key: config.get(key) for key in ("momentum", "rate")} for config in configs]


def varied(weights):
    """Weights of which none is constant, so that every one has a share in the outputs."""
    draws = np.random.default_rng(1)
    return [w + draws.uniform(0, 0.1, w.shape).astype(w.dtype) if np.ptp(w) == 0 else w for w in weights]


def calm(model):
    """Divide by twice as much in each normalization."""
    for layer in model.layers:
        if hasattr(layer, "moving_variance"):
            layer.moving_variance.assign(4 * np.asarray(layer.moving_variance))


def built(namespace, name, **options):
    return getattr(namespace, name)(weights=None, **options)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_has_the_layers_and_the_outputs_of_its_original(keras, name):
    side = SIDES.get(name, 32)
    options = {"input_shape": (side, side, 3), "classes": 7, "classifier_activation": None}
    # Automatic names count up within a process, theirs as ours.
    keras.utils.clear_session()
    utils.clear_session()
    theirs, ours = built(keras.applications, name, **options), built(applications, name, **options)
    assert [shapes for _, shapes in described(ours)] == [shapes for _, shapes in described(theirs)]
    assert [n for n, shapes in described(ours) if shapes] == [n for n, shapes in described(theirs) if shapes]
    assert of_training(ours) == of_training(theirs)
    theirs.set_weights(varied(theirs.get_weights()))
    if name in CALMED:
        calm(theirs)
    ours.set_weights(theirs.get_weights())
    images = np.random.default_rng(0).uniform(0, 255, (2, side, side, 3)).astype("float32")
    expected = np.asarray(theirs.predict(images, verbose=0))
    np.testing.assert_allclose(ours.predict(images, verbose=0), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
