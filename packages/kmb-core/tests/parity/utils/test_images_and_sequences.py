"""Images and padded sequences as Keras makes them.

Known differences: `array_to_img` scales whole numbers in floats (Keras fails for integer dtypes); `pad_sequences` with
`dtype="str"` keeps texts whole (Keras cuts them to one character) and takes an empty list; `load_img` reads open files.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kmb_core.backend import convert_to_numpy
from kmb_core.preprocessing.image import smart_resize
from kmb_core.utils import array_to_img, img_to_array, load_img, pad_sequences

pytestmark = pytest.mark.parity
ROWS = st.lists(st.lists(st.floats(-9, 9, width=16), max_size=5), min_size=1, max_size=5)
SIDES = st.sampled_from(["pre", "post"])


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "x.png"
    pixels = np.random.default_rng(0).integers(0, 256, (11, 17, 4), dtype="uint8")
    Image.fromarray(pixels).save(path)
    return path


@settings(deadline=None, max_examples=50)
@given(ROWS, st.none() | st.integers(1, 6), SIDES, SIDES)
def test_padding(keras, rows, maxlen, padding, truncating):
    options = {"maxlen": maxlen, "padding": padding, "truncating": truncating, "dtype": "float32", "value": 0.5}
    np.testing.assert_array_equal(pad_sequences(rows, **options), keras.utils.pad_sequences(rows, **options))


@pytest.mark.parametrize("size", [(4, 5), (7, 3), (30, 8)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"])
@pytest.mark.parametrize("keep_aspect_ratio", [False, True])
def test_loading(keras, picture, size, interpolation, keep_aspect_ratio):
    options = {"target_size": size, "interpolation": interpolation, "keep_aspect_ratio": keep_aspect_ratio}
    got, wanted = load_img(picture, **options), keras.utils.load_img(picture, **options)
    np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))


@pytest.mark.parametrize("mode", ["grayscale", "rgb", "rgba"])
def test_colour_modes(keras, picture, mode):
    got, wanted = load_img(picture, color_mode=mode), keras.utils.load_img(picture, color_mode=mode)
    assert got.mode == wanted.mode
    np.testing.assert_array_equal(img_to_array(got), keras.utils.img_to_array(wanted))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"dtype": "float64"}, {"data_format": "channels_first"}])
def test_arrays_to_images(keras, channels, options):
    numbers = np.random.default_rng(1).uniform(0, 200, (5, 6, channels))
    numbers = numbers.transpose(2, 0, 1) if "data_format" in options else numbers
    got, wanted = array_to_img(numbers, **options), keras.utils.array_to_img(numbers, **options)
    assert got.mode == wanted.mode
    np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))


@pytest.mark.parametrize("shape", [(5, 7, 3), (2, 9, 4, 3)])
@pytest.mark.parametrize("size", [(3, 3), (8, 5), (2, 7)])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_smart_resize(keras, shape, size, interpolation):
    images = np.random.default_rng(2).uniform(size=shape).astype("float32")
    wanted = keras.preprocessing.image.smart_resize(images, size, interpolation)
    np.testing.assert_allclose(smart_resize(images, size, interpolation), convert_to_numpy(wanted), atol=1e-5)
