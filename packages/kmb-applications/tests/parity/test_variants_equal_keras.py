"""Models without a top, with channels first, and their files, beside Keras's: one model of each family."""

import importlib
import os

import numpy as np
import pytest

from kmb_core import applications, config, saving, utils

pytestmark = pytest.mark.parity

BACKEND = os.environ.get("KMB_BACKEND", "torch")
# {model: the smallest side of its images}; Keras has no NASNetMobile on torch.
FAMILIES = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "InceptionResNetV2": 75,
    "InceptionV3": 75,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "NASNetLarge" if BACKEND == "torch" else "NASNetMobile": 32,
    "ResNet50": 32,
    "Xception": 71,
}
ONLY_OURS = [name for name in FAMILIES if name.startswith(("ConvNeXt", "DenseNet", "NASNet"))]  # with channels first
# The frameworks whose convolutions on a CPU take channels first, on the backend and in Keras.
TAKES_CHANNELS_FIRST = BACKEND in ("torch", "jax")


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", BACKEND)
    return importlib.import_module("keras")


@pytest.fixture
def channels_first(keras):
    before = config.image_data_format()
    config.set_image_data_format("channels_first")
    keras.config.set_image_data_format("channels_first")
    yield
    config.set_image_data_format(before)
    keras.config.set_image_data_format(before)


def pair(keras, name, **options):
    """The model of Keras, with weights of which none is constant, and ours."""
    keras.utils.clear_session()
    utils.clear_session()
    theirs, ours = (getattr(space, name)(weights=None, **options) for space in (keras.applications, applications))
    draws = np.random.default_rng(1)
    constant = [(weight, np.asarray(array)) for weight, array in zip(theirs.weights, theirs.get_weights(), strict=True)]
    for weight, array in constant:
        if np.ptp(array) == 0:
            weight.assign(array + draws.uniform(0, 0.1, array.shape).astype(array.dtype))
    return theirs, ours


def check_outputs(ours, theirs, *shape):
    images = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    expected = np.asarray(theirs.predict(images, verbose=0))
    found = ours.predict(images, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("pooling", [None, "avg", "max"])
@pytest.mark.parametrize("name", FAMILIES)
def test_without_a_top_a_file_of_weights_of_the_original_is_read(keras, tmp_path, name, pooling):
    side = FAMILIES[name]
    theirs, ours = pair(keras, name, include_top=False, pooling=pooling, input_shape=(side, side, 3))
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    theirs.save_weights(tmp_path / "x.weights.h5")
    ours.load_weights(tmp_path / "x.weights.h5")
    check_outputs(ours, theirs, 2, side, side, 3)


if TAKES_CHANNELS_FIRST:

    @pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ONLY_OURS])
    def test_channels_may_come_first(keras, channels_first, name):
        side = FAMILIES[name]
        theirs, ours = pair(keras, name, include_top=False, input_shape=(3, side, side))
        ours.set_weights(theirs.get_weights())
        check_outputs(ours, theirs, 2, 3, side, side)

    @pytest.mark.parametrize("name", ONLY_OURS)
    def test_channels_may_come_first_where_the_original_refuses_them(keras, name, request):
        side = FAMILIES[name]
        _, last = pair(keras, name, include_top=False, input_shape=(side, side, 3))
        request.getfixturevalue("channels_first")
        first = getattr(applications, name)(weights=None, include_top=False, input_shape=(3, side, side))
        first.set_weights(last.get_weights())
        images = np.random.default_rng(0).uniform(0, 255, (2, side, side, 3)).astype("float32")
        expected = last.predict(images, verbose=0).transpose(0, 3, 1, 2)
        found = first.predict(images.transpose(0, 3, 1, 2), verbose=0)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["ConvNeXtTiny", "InceptionResNetV2"])
def test_models_with_layers_of_their_own_are_read_on_either_side(keras, tmp_path, name):
    side = FAMILIES[name]
    theirs, ours = pair(keras, name, input_shape=(side, side, 3), classes=5)
    theirs.save(tmp_path / "theirs.keras")
    check_outputs(saving.load_model(tmp_path / "theirs.keras"), theirs, 2, side, side, 3)
    ours.save(tmp_path / "ours.keras")
    check_outputs(ours, keras.saving.load_model(tmp_path / "ours.keras"), 2, side, side, 3)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "MobileNetV3Large"])
@pytest.mark.parametrize("options", [{"minimalistic": True, "alpha": 1.5}, {"alpha": 0.35, "dropout_rate": 0.0}])
def test_widths_and_kinds_of_mobilenets_are_those_of_the_original(keras, name, options):
    theirs, ours = pair(keras, name, classes=5, classifier_activation=None, include_preprocessing=False, **options)
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    ours.set_weights(theirs.get_weights())
    check_outputs(ours, theirs, 2, 40, 40, 3)
