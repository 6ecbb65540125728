"""Keras's image ops, on JAX. On the other frameworks `parity/ops` compares them, whose table lists Keras's defects."""

import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.backend import current_backend

pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(current_backend().name != "jax", reason="Keras is another oracle there: see parity/ops"),
]

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 7, 9, 3)).astype("float32")
LAST = {"data_format": "channels_last"}
TURN = np.array([[1.2, 0.1, -1, 0.05, 0.9, 0.7, 0, 0], [0.8, -0.3, 1.3, 0.2, 1.1, -2, 0, 0]], "float32")
START = np.array([[[0, 0], [0, 7], [9, 0], [9, 7]]] * 2, "float32")
END = np.array([[[1, 0.5], [0.3, 6], [8, -1], [9.5, 6.7]], [[1, 1], [1, 6], [7, 0.3], [9, 5]]], "float32")
PLACES = RANDOM.uniform(-9, 14, (2, 40)).astype("float32")
SCALES = np.array([0.6, 1.3], "float32"), np.array([0.4, -0.6], "float32")


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def compared(keras, name, *args, tolerance=3e-6, **options):
    ours = ops.convert_to_numpy(getattr(kmb_core.ops.image, name)(*args, **options))
    theirs = keras.ops.convert_to_numpy(getattr(keras.ops.image, name)(*args, **options))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours.astype("float64"), theirs.astype("float64"), atol=tolerance)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("size", [(4, 5), (13, 17), (3, 20), (9, 5)])
@pytest.mark.parametrize(
    "options",
    [{}, {"antialias": True}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 0.25}],
)
def test_resized_images_are_those_of_keras(keras, mode, size, options):
    compared(keras, "resize", IMAGES, size, mode, **options, **LAST)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resized_bytes_differ_by_no_more_than_rounding(keras, mode):
    compared(keras, "resize", (IMAGES * 255).astype("uint8"), (4, 13), mode, tolerance=1.0, **LAST)


@pytest.mark.parametrize("method", ["linear", "cubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("antialias", [True, False])
def test_scaled_images_are_those_of_keras(keras, method, antialias):
    compared(keras, "scale_and_translate", IMAGES[0], (5, 11, 3), *SCALES, (0, 1), method, antialias)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_transformed_images_are_those_of_keras(keras, interpolation):
    for mode in ("constant", "nearest", "wrap", "reflect"):
        compared(keras, "affine_transform", IMAGES, TURN, interpolation, mode, 0.3, **LAST)
    compared(keras, "perspective_transform", IMAGES, START, END, interpolation, 0.3, tolerance=1e-5, **LAST)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
def test_mapped_coordinates_are_those_of_keras(keras, order, mode):
    compared(keras, "map_coordinates", IMAGES[0, ..., 0], PLACES, order, mode, 0.5)
    compared(keras, "map_coordinates", np.arange(5.0), np.arange(-4, 9, 0.5)[None], order, mode, 0.5)


@pytest.mark.parametrize("size", [2, (2, 3), (3, 2)])
@pytest.mark.parametrize(("strides", "padding"), [(None, "valid"), (1, "same"), ((1, 2), "same")])
def test_patches_are_those_of_keras(keras, size, strides, padding):
    compared(keras, "extract_patches", IMAGES, size, strides, 1, padding, **LAST)
    first = np.ascontiguousarray(np.moveaxis(IMAGES, -1, 1))
    compared(keras, "extract_patches", first, size, strides, 1, padding, data_format="channels_first")


@pytest.mark.parametrize("name", ["rgb_to_hsv", "hsv_to_rgb", "rgb_to_grayscale", "gaussian_blur", "sobel_edges"])
def test_colours_and_filters_are_those_of_keras(keras, name):
    compared(keras, name, IMAGES, **LAST)


def test_similarity_is_that_of_keras(keras):
    first, second = RANDOM.random((2, 2, 16, 14, 3)).astype("float32")
    compared(keras, "ssim", first, second, **LAST)
    compared(keras, "ssim", first, second, 2.0, 6, 1.1, 0.02, 0.05, **LAST)


CALLS = {
    "resize": lambda image, x: image.resize(x, (5, 7), "bicubic", **LAST),
    "affine_transform": lambda image, x: image.affine_transform(x, TURN, **LAST),
    "crop_images": lambda image, x: image.crop_images(x, 1, 2, target_height=4, target_width=5, **LAST),
    "pad_images": lambda image, x: image.pad_images(x, 1, 2, 3, 4, **LAST),
    "extract_patches": lambda image, x: image.extract_patches(x, (3, 4), **LAST),
    "gaussian_blur": lambda image, x: image.gaussian_blur(x, **LAST),
    "rgb_to_hsv": lambda image, x: image.rgb_to_hsv(x, **LAST),
    "rgb_to_grayscale": lambda image, x: image.rgb_to_grayscale(x, **LAST),
    "sobel_edges": lambda image, x: image.sobel_edges(x, **LAST),
}


@pytest.mark.parametrize("name", CALLS)
def test_files_of_image_ops_go_both_ways(keras, name, tmp_path):
    for written, read in ((keras, kmb_core), (kmb_core, keras)):
        inputs = written.Input((7, 9, 3))
        written.Model(inputs, CALLS[name](written.ops.image, inputs)).save(tmp_path / "model.keras")
        again = read.saving.load_model(tmp_path / "model.keras")
        expected = ops.convert_to_numpy(CALLS[name](kmb_core.ops.image, IMAGES))
        np.testing.assert_allclose(read.ops.convert_to_numpy(again(IMAGES)), expected, atol=1e-5)
