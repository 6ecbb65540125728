"""Filters against SciPy's, colours there and back, and similarity of what is equal, noisy and opposite."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import DTypeError, ShapeError

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 17, 12, 3)).astype("float32")
LAST = {"data_format": "channels_last"}


def array(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("radius", [1, 2, 7])
@pytest.mark.parametrize("sigma", [(0.7, 0.7), (1.0, 2.5)])
def test_a_blur_is_scipys(radius, sigma):
    width = 2 * radius + 1
    found = ops.image.gaussian_blur(IMAGES, (width, width), sigma, **LAST)
    expected = ndimage.gaussian_filter(
        IMAGES.astype("float64"), (0, *sigma, 0), mode="constant", radius=(0, radius, radius, 0)
    )
    np.testing.assert_allclose(array(found), expected, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(1, 20))
def test_weights_sum_to_one(height, width):
    flat = np.ones((60, 60, 1), "float32")
    found = array(ops.image.gaussian_blur(flat, (height, width), (1.5, 3.0), **LAST))
    np.testing.assert_allclose(found[20:40, 20:40], 1.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kernel_size": 3}, ShapeError),
        ({"kernel_size": (3, 0)}, ShapeError),
        ({"kernel_size": (3, 3, 3)}, ShapeError),
        ({"sigma": (0.0, 1.0)}, ValueError),
        ({"sigma": 1.0}, ValueError),
    ],
)
def test_a_window_without_sense_is_told(options, error):
    with pytest.raises(error, match="gaussian_blur"):
        ops.image.gaussian_blur(IMAGES, **options, **LAST)


def test_edges_are_scipys():
    found = array(ops.image.sobel_edges(IMAGES, **LAST))
    for place, axis in enumerate((1, 2)):
        for image, edges in zip(IMAGES, found, strict=True):
            expected = np.stack([ndimage.sobel(image[..., c], axis - 1, mode="constant") for c in range(3)], -1)
            np.testing.assert_allclose(edges[..., place], expected, atol=2e-6)


def test_edges_of_bytes_may_be_negative():
    step = np.array([[0, 200, 0]] * 3, "uint8").reshape(1, 3, 3, 1)
    found = ops.image.sobel_edges(step, **LAST)
    assert dtype_of(found) == "float32"
    assert array(found)[0, 1, :, 0, 1].tolist() == [800.0, 0.0, -800.0]


def test_edges_need_a_batch():
    with pytest.raises(ShapeError, match="batch"):
        ops.image.sobel_edges(IMAGES[0], **LAST)
    assert ops.image.sobel_edges(KerasTensor((None, None, 4, 1), "float32"), **LAST).shape == (None, None, 4, 1, 2)


# Colours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_colours_come_back_from_hue(layout):
    images = IMAGES if layout == "channels_last" else np.moveaxis(IMAGES, -1, 1)
    hues = ops.image.rgb_to_hsv(images, data_format=layout)
    np.testing.assert_allclose(array(ops.image.hsv_to_rgb(hues, data_format=layout)), images, atol=1e-6)


@pytest.mark.parametrize("function", [ops.image.rgb_to_hsv, ops.image.hsv_to_rgb])
def test_hues_are_floats_of_three_channels(function):
    with pytest.raises(DTypeError, match="floating"):
        function(np.ones((2, 2, 3), "uint8"), **LAST)
    with pytest.raises(ShapeError, match="3 channels"):
        function(np.ones((2, 2, 4), "float32"), **LAST)
    with pytest.raises(ShapeError, match="axes"):
        function(np.ones((2, 3), "float32"), **LAST)


def test_grey_stays_grey_and_bytes_lose_their_fraction():
    grey = RANDOM.random((3, 4, 1)).astype("float32")
    np.testing.assert_array_equal(array(ops.image.rgb_to_grayscale(grey, **LAST)), grey)
    bytes_ = ops.image.rgb_to_grayscale(np.array([[[10, 20, 30]]], "uint8"), **LAST)
    assert (int(array(bytes_)[0, 0, 0]), dtype_of(bytes_)) == (18, "uint8")  # 18.149
    with pytest.raises(ShapeError, match="3 channels or 1"):
        ops.image.rgb_to_grayscale(np.ones((2, 2, 4), "float32"), **LAST)


# Similarity ------------------------------------------------------------------------------------------------------


def test_equal_images_are_alike_noisy_ones_less_and_inverted_ones_opposite():
    noisy = IMAGES + RANDOM.normal(0, 0.1, IMAGES.shape).astype("float32")
    np.testing.assert_allclose(array(ops.image.ssim(IMAGES, IMAGES, **LAST)), [1.0, 1.0], atol=1e-6)
    assert (array(ops.image.ssim(IMAGES, noisy, **LAST)) < 0.97).all()
    assert (array(ops.image.ssim(IMAGES, 1 - IMAGES, **LAST)) < 0).all()


def test_bytes_are_as_alike_as_what_they_stand_for():
    first, second = ((RANDOM.random((16, 16, 1)) * 255).astype("uint8") for _ in range(2))
    found = float(ops.image.ssim(first, second, 255.0, **LAST))
    expected = float(ops.image.ssim((first / 255).astype("float32"), (second / 255).astype("float32"), **LAST))
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("second", "options", "error"),
    [
        (IMAGES[:1], {}, ShapeError),
        (IMAGES[:, :-1], {}, ShapeError),
        (IMAGES, {"filter_size": 13}, ShapeError),
        (IMAGES, {"filter_size": 0}, ValueError),
    ],
)
def test_what_cannot_be_compared_is_told(second, options, error):
    with pytest.raises(error, match="ssim"):
        ops.image.ssim(IMAGES, second, **options, **LAST)


def test_symbolic_images_are_compared_one_by_one():
    image = KerasTensor((None, 20, None, 1), "float16")
    assert ops.image.ssim(image, image, **LAST).shape == (None,)
    assert ops.image.ssim(image, image, **LAST).dtype == "float16"
