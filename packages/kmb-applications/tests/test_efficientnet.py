"""EfficientNet beyond what each model has in common with all others; small networks of the same blocks."""

import dataclasses

import numpy as np
import pytest

from kmb_applications import efficientnet, pretrained
from kmb_core import applications, config, layers

OPTIONS = {"include_top": False, "pooling": "avg"}


@pytest.fixture
def narrow(monkeypatch):
    """Makes of EfficientNet-B0 a network of five blocks with few channels."""
    stages = ((1, 8, 1, 1, 3), (2, 8, 3, 2, 3), (2, 16, 1, 2, 5))
    monkeypatch.setattr(efficientnet, "STAGES", stages)
    monkeypatch.setitem(efficientnet.SIZES, "b0", dataclasses.replace(efficientnet.SIZES["b0"], width=0.25))


@pytest.fixture
def channels_first():
    before = config.image_data_format()
    yield lambda: config.set_image_data_format("channels_first")
    config.set_image_data_format(before)


def images(*shape):
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")


def dropped(model):
    return [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout) and layer.name.endswith("drop")]


def test_the_deeper_a_block_lies_the_more_often_it_is_left_out(narrow):
    model = applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), **OPTIONS)
    # Of five blocks two are added to their input: the third and the fourth.
    np.testing.assert_allclose(dropped(model), [0.2 * 2 / 5, 0.2 * 3 / 5])


def test_channels_may_come_first(narrow, channels_first):
    last = applications.EfficientNetB0(weights=None, input_shape=(33, 40, 3), **OPTIONS)
    x = images(2, 33, 40, 3)
    expected = last.predict(x, verbose=0)
    channels_first()
    first = applications.EfficientNetB0(weights=None, input_shape=(3, 33, 40), **OPTIONS)
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(first.predict(x.transpose(0, 3, 1, 2), verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_the_published_weights_see_images_that_are_scaled_twice(narrow, monkeypatch, tmp_path):
    once = applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), **OPTIONS)
    path = tmp_path / "x.weights.h5"
    once.save_weights(path)
    monkeypatch.setattr(pretrained, "_downloaded", lambda file: str(path))
    published = applications.EfficientNetB0(weights="imagenet", input_shape=(32, 32, 3), **OPTIONS)
    x = images(2, 32, 32, 3)
    scaled = x / np.sqrt([0.229, 0.224, 0.225]).astype("float32")
    expected = once.predict(scaled, verbose=0)
    np.testing.assert_allclose(published.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
