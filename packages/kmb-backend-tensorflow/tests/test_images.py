"""Images in graphs: sizes that only the running graph knows, and what XLA compiles."""

import numpy as np
import pytest
import tensorflow as tf

from kmb_core import ops

IMAGES = np.random.default_rng(0).random((2, 20, 11, 3)).astype("float32")
LAST = {"data_format": "channels_last"}
TURN = np.array([1.1, 0.1, 0.3, 0.1, 0.9, 0.2, 0.01, 0], "float32")
CORNERS = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], "float32")
MOVED = np.array([[1, 0], [9.5, 1], [0, 9.4], [8, 8]], "float32")
PLACES = np.random.default_rng(1).uniform(-9, 20, (2, 9)).astype("float32")
HALF = np.array([0.5, 0.7], "float32")

image = ops.image
CALLS = {
    "nearest": lambda x: image.resize(x, (7, 13), "nearest", **LAST),
    "bilinear": lambda x: image.resize(x, (7, 13), **LAST),
    "smoothed": lambda x: image.resize(x, (7, 13), "bilinear", True, **LAST),
    "bicubic": lambda x: image.resize(x, (7, 13), "bicubic", **LAST),
    "lanczos": lambda x: image.resize(x, (7, 13), "lanczos3", True, **LAST),
    "area": lambda x: image.resize(x, (7, 13), "area", **LAST),
    "cut": lambda x: image.resize(x, (7, 13), crop_to_aspect_ratio=True, **LAST),
    "framed": lambda x: image.resize(x, (7, 13), pad_to_aspect_ratio=True, fill_value=0.5, **LAST),
    "scaled": lambda x: image.scale_and_translate(x[0], (5, 6, 3), HALF, HALF, (0, 1), "cubic"),
    "affine": lambda x: image.affine_transform(x, TURN, fill_mode="mirror", **LAST),
    "perspective": lambda x: image.perspective_transform(x, CORNERS, MOVED, **LAST),
    "places": lambda x: image.map_coordinates(x[0, :, :, 0], PLACES, 1, "mirror"),
    "blur": lambda x: image.gaussian_blur(x, (3, 4), (1.0, 2.0), **LAST),
    "edges": lambda x: image.sobel_edges(x, **LAST),
    "similarity": lambda x: image.ssim(x, x * 0.9, **LAST),
    "hue": lambda x: image.rgb_to_hsv(x, **LAST),
    "grey": lambda x: image.rgb_to_grayscale(x, **LAST),
    "crop": lambda x: image.crop_images(x, None, None, 1, 2, 4, 5, **LAST),
    "pad": lambda x: image.pad_images(x, 1, 2, target_height=40, target_width=30, **LAST),
    "patches": lambda x: image.extract_patches(x, 3, **LAST),
    "overlapping": lambda x: image.extract_patches(x, 3, 2, padding="same", **LAST),
    "dilated": lambda x: image.extract_patches(x, (3, 2), 1, 2, **LAST),
}


@pytest.mark.parametrize("name", CALLS)
def test_sizes_that_only_the_running_graph_knows(name):
    traced = tf.function(CALLS[name], input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    expected = CALLS[name](tf.constant(IMAGES)).numpy()
    np.testing.assert_allclose(traced(IMAGES).numpy(), expected, atol=5e-6)


def test_a_target_is_known_to_the_graph():
    for name in ("crop", "pad", "bilinear", "framed"):
        traced = tf.function(CALLS[name], input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
        assert None not in traced.get_concrete_function().output_shapes[1:]


@pytest.mark.parametrize("name", CALLS)
def test_xla_compiles_images_forward_and_backward(name):
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = CALLS[name](x)
        return found, tape.gradient(found, x)

    x = tf.constant(IMAGES)
    for compiled, expected in zip(tf.function(step, jit_compile=True)(x), step(x), strict=True):
        np.testing.assert_allclose(compiled.numpy(), expected.numpy(), atol=2e-4, rtol=2e-4)
