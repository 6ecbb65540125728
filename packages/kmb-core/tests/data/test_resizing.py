"""Resizing in NumPy beside the formulas written out, and beside the op."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.data.resizing import INTERPOLATIONS, cropped, padded, resized


@pytest.fixture
def image():
    return np.random.default_rng(0).uniform(0, 255, (7, 9, 3)).astype("float32")


def bilinear(line, count):
    places = (np.arange(count) + 0.5) * len(line) / count - 0.5
    return np.interp(places, np.arange(len(line)), line)


@pytest.mark.parametrize("count", [3, 9, 20])
def test_bilinear_interpolates_between_centres(image, count):
    got = resized(image[:1], 1, count)[0, :, 1]
    np.testing.assert_allclose(got, bilinear(image[0, :, 1], count), rtol=1e-5)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"])
@pytest.mark.parametrize("size", [(3, 4), (14, 18), (7, 9), (10, 5)])
def test_it_is_what_the_op_gives(image, interpolation, size):
    wanted = ops.convert_to_numpy(ops.image.resize(image, size, interpolation, data_format="channels_last"))
    np.testing.assert_allclose(resized(image, *size, interpolation), wanted, atol=2e-3)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_an_even_surface_stays_one(interpolation):
    got = resized(np.full((5, 6, 1), 7, "uint8"), 8, 3, interpolation)
    assert got.dtype == "float32"
    np.testing.assert_allclose(got, 7, rtol=1e-6)


def test_area_is_the_mean_of_what_a_pixel_covers():
    line = np.arange(6.0).reshape(1, 6, 1)
    assert resized(line, 1, 2, "area").ravel().tolist() == [1.0, 4.0]


def test_cubic_kernels_pass_through_and_blur():
    impulse = np.zeros((1, 9, 1))
    impulse[0, 4] = 1
    assert resized(impulse, 1, 9, "bicubic")[0, 4, 0] == 1.0
    assert resized(impulse, 1, 9, "mitchellcubic")[0, 4, 0] == pytest.approx(8 / 9)


@pytest.mark.parametrize("size", [(4, 4), (3, 9), (9, 3), (1, 30)])
def test_cutting_and_bordering_are_those_of_the_op(image, size):
    options = {"data_format": "channels_last"}
    cut = ops.image.resize(image, size, crop_to_aspect_ratio=True, **options)
    np.testing.assert_allclose(resized(cropped(image, *size), *size), ops.convert_to_numpy(cut), atol=2e-3)
    framed = ops.image.resize(image, size, pad_to_aspect_ratio=True, **options)
    np.testing.assert_allclose(resized(padded(image, *size), *size), ops.convert_to_numpy(framed), atol=2e-3)
