"""EfficientNet beyond what each model has in common with all others; small networks of the same blocks."""

import dataclasses

import numpy as np
import pytest

from kmb_applications import efficientnet, efficientnet_v2, pretrained
from kmb_core import Model, applications, config, layers

OPTIONS = {"include_top": False, "pooling": "avg"}


@pytest.fixture
def narrow(monkeypatch):
    """Makes of EfficientNet-B0 a network of five blocks with few channels."""
    stages = ((1, 8, 1, 1, 3), (2, 8, 3, 2, 3), (2, 16, 1, 2, 5))
    monkeypatch.setattr(efficientnet, "STAGES", stages)
    monkeypatch.setitem(efficientnet.SIZES, "b0", dataclasses.replace(efficientnet.SIZES["b0"], width=0.25))


@pytest.fixture
def narrow_second(monkeypatch):
    """Makes of EfficientNetV2-B1 a network twice as deep as one of three blocks, with few channels; of S this one."""
    stages = ((1, 8, 1, 1), (2, 8, 1, 2), (2, 8, 0, 1), (2, 16, 1, 2))
    monkeypatch.setattr(efficientnet_v2, "BASE", stages)
    for size, own, depth in ("b1", stages, 2.0), ("s", list(stages), 1.0):
        replaced = dataclasses.replace(efficientnet_v2.SIZES[size], stages=own, stem=16, depth=depth)
        monkeypatch.setitem(efficientnet_v2.SIZES, size, replaced)


@pytest.fixture
def channels_first():
    before = config.image_data_format()
    yield lambda: config.set_image_data_format("channels_first")
    config.set_image_data_format(before)


def images(*shape):
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")


def dropped(model):
    return [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)]


def before(model, layer, x):
    """What a layer of the model is given for images."""
    return Model(model.input, model.get_layer(layer).input).predict(x, verbose=0)


def check_channels_may_come_first(architecture, put_first):
    last = architecture(weights=None, input_shape=(33, 40, 3), **OPTIONS)
    x = images(2, 33, 40, 3)
    expected = last.predict(x, verbose=0)
    put_first()
    first = architecture(weights=None, input_shape=(3, 33, 40), **OPTIONS)
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(first.predict(x.transpose(0, 3, 1, 2), verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_the_deeper_a_block_lies_the_more_often_it_is_left_out(narrow):
    model = applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), **OPTIONS)
    # Of five blocks two are added to their input: the third and the fourth.
    np.testing.assert_allclose(dropped(model), [0.2 * 2 / 5, 0.2 * 3 / 5])


def test_the_rates_of_version_2_grow_as_if_it_were_not_scaled_in_depth(narrow_second):
    model = applications.EfficientNetV2B1(weights=None, input_shape=(32, 32, 3), **OPTIONS)
    # Of six blocks the second of each stage is added to its input; B0 would have three.
    np.testing.assert_allclose(dropped(model), [0.2 * 1 / 3, 0.2 * 3 / 3, 0.2 * 5 / 3])


def test_channels_may_come_first(narrow, channels_first):
    check_channels_may_come_first(applications.EfficientNetB0, channels_first)


def test_channels_may_come_first_in_version_2(narrow_second, channels_first):
    check_channels_may_come_first(applications.EfficientNetV2B1, channels_first)


def test_the_published_weights_see_images_that_are_scaled_twice(narrow, monkeypatch, tmp_path):
    once = applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), **OPTIONS)
    path = tmp_path / "x.weights.h5"
    once.save_weights(path)
    monkeypatch.setattr(pretrained, "_downloaded", lambda file: str(path))
    published = applications.EfficientNetB0(weights="imagenet", input_shape=(32, 32, 3), **OPTIONS)
    for own, stored in zip(published.get_weights(), once.get_weights(), strict=True):
        np.testing.assert_array_equal(own, stored)
    x = images(2, 32, 32, 3)
    np.testing.assert_allclose(
        before(published, "stem_conv_pad", x), x / 255 / np.sqrt([0.229, 0.224, 0.225]), rtol=1e-5
    )
    np.testing.assert_allclose(before(once, "stem_conv_pad", x), x / 255, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "channels", "brought"),
    [
        ("EfficientNetV2B1", 3, lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]),
        ("EfficientNetV2B1", 1, lambda x: x / 128 - 1),
        ("EfficientNetV2S", 3, lambda x: x / 128 - 1),
    ],
)
def test_version_2_brings_images_into_its_range_unless_told_not_to(narrow_second, name, channels, brought):
    options = {"weights": None, "input_shape": (32, 32, channels), **OPTIONS}
    x = images(2, 32, 32, channels)
    found = before(getattr(applications, name)(**options), "stem_conv", x)
    np.testing.assert_allclose(found, brought(x), rtol=1e-4, atol=1e-5)
    without = getattr(applications, name)(include_preprocessing=False, **options)
    assert without.get_layer("stem_conv").input is without.input
