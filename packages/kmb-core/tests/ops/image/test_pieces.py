"""Borders and patches: what is cut off, put around or cut out, and what does not fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError

RANDOM = np.random.default_rng(0)
LAST = {"data_format": "channels_last"}


def array(x):
    return ops.convert_to_numpy(x)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, 1, 2]))
def test_a_border_put_around_and_taken_off_leaves_the_image(before, after, left_out):
    """Of the three numbers for rows any two will do."""
    image = RANDOM.random((4, 5, 2)).astype("float32")
    kinds = ["top_{}", "bottom_{}", "target_height"]
    sides = {"left_{}": 1, "right_{}": 2}

    def numbers(kind, new):
        named = dict(zip(kinds, (before, after, new), strict=True))
        return {k.format(kind): v for k, v in {**named, **sides}.items() if k != kinds[left_out]}

    wide = ops.image.pad_images(image, **numbers("padding", 4 + before + after), **LAST)
    assert tuple(wide.shape) == (4 + before + after, 8, 2)
    np.testing.assert_array_equal(array(ops.image.crop_images(wide, **numbers("cropping", 4), **LAST)), image)


@pytest.mark.parametrize("function", [ops.image.crop_images, ops.image.pad_images])
@pytest.mark.parametrize(
    "amounts",
    [
        (1, 1),
        (1, 1, 1),
        (None, 1, None, 1, 3),
        (1, 1, 1, 1, 3),
        (-1, 1, 1, 1),
        (0, 0, 0, 0, 9, 9),
    ],
)
@pytest.mark.parametrize("native", [True, False])
def test_too_few_and_too_many_numbers_are_told(function, amounts, native):
    images = np.ones((1, 5, 6, 1), "float32") if native else KerasTensor((None, 5, 6, 1), "float32")
    with pytest.raises(ShapeError):
        function(images, *amounts, **LAST)


def test_what_does_not_fit_in_the_image_is_told():
    with pytest.raises(ShapeError, match="crop_images"):
        ops.image.crop_images(np.ones((5, 6, 1)), 3, 0, 3, 0, **LAST)
    with pytest.raises(ShapeError, match="crop_images"):
        ops.image.crop_images(np.ones((5, 6, 1)), 0, 0, target_height=6, target_width=6, **LAST)
    with pytest.raises(ShapeError, match="pad_images"):
        ops.image.pad_images(np.ones((5, 6, 1)), 0, 0, target_height=4, target_width=6, **LAST)


def test_unknown_sizes_give_known_ones_where_a_target_says_so():
    images = KerasTensor((None, None, None, 3), "uint8")
    assert ops.image.crop_images(images, 1, 1, target_height=4, target_width=5, **LAST).shape == (None, 4, 5, 3)
    assert ops.image.crop_images(images, 1, 1, 1, 1, **LAST).shape == (None, None, None, 3)
    assert ops.image.pad_images(images, 1, 1, target_height=4, target_width=5, **LAST).shape == (None, 4, 5, 3)


# Patches ---------------------------------------------------------------------------------------------------------


def test_patches_side_by_side_put_together_again_are_the_image():
    image = RANDOM.random((6, 8, 3)).astype("float32")
    patches = array(ops.image.extract_patches(image, (2, 4), **LAST))
    assert patches.shape == (3, 2, 24)
    again = patches.reshape(3, 2, 2, 4, 3).transpose(0, 2, 1, 3, 4).reshape(6, 8, 3)
    np.testing.assert_array_equal(again, image)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.sampled_from(["valid", "same"]))
def test_a_product_with_patches_is_a_convolution(height, width, strides, dilation, padding):
    if dilation > 1 and strides > 1:
        strides = 1  # not every framework's convolution has both
    images = RANDOM.random((2, 7, 8, 2)).astype("float32")
    kernel = RANDOM.random((height, width, 2, 3)).astype("float32")
    patches = ops.image.extract_patches(images, (height, width), strides, dilation, padding, **LAST)
    found = array(patches) @ kernel.reshape(-1, 3)
    expected = ops.conv(images, kernel, strides, padding, dilation_rate=dilation, **LAST)
    np.testing.assert_allclose(found, array(expected), rtol=2e-5)


def test_volumes_have_a_function_of_their_own_which_is_the_same():
    volume = RANDOM.random((4, 5, 6, 2)).astype("float32")
    found = array(ops.image.extract_patches_3d(volume, 2, **LAST))
    np.testing.assert_array_equal(found, array(ops.image.extract_patches(volume, (2, 2, 2), **LAST)))
    assert found.shape == (2, 2, 3, 16)
    assert found[1, 0, 2].tolist() == volume[2:4, 0:2, 4:6].ravel().tolist()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16"])
def test_patches_are_exact_in_every_dtype(dtype):
    image = (RANDOM.random((4, 4, 1)) * 200).astype(dtype)
    found = ops.image.extract_patches(image, 3, 1, **LAST)
    assert dtype_of(found) == dtype
    assert array(found)[1, 0].tolist() == image[1:4, 0:3].ravel().tolist()


def test_unknown_sizes_of_images_are_unknown_numbers_of_patches():
    found = ops.image.extract_patches(KerasTensor((None, None, 8, 3), "float32"), 2, **LAST)
    assert found.shape == (None, None, 4, 12)
    found = ops.image.extract_patches(KerasTensor((2, 3, 8, None), "float32"), 2, data_format="channels_first")
    assert found.shape == (2, 12, 4, None)


@pytest.mark.parametrize(
    ("shape", "arguments", "said"),
    [
        ((4, 4, 1), {"size": (2,)}, "size"),
        ((4, 4, 1), {"size": (2, 2, 2)}, "axes"),
        ((4, 4), {"size": 2}, "axes"),
        ((4, 4, 1), {"size": (0, 2)}, "size"),
        ((4, 4, 1), {"size": 5}, "does not fit"),
        ((4, 4, 1), {"size": 2, "strides": 0}, "strides"),
        ((4, 4, 1), {"size": 2, "padding": "reflect"}, "padding"),
    ],
)
@pytest.mark.parametrize("native", [True, False])
def test_windows_that_do_not_fit_are_told(shape, arguments, said, native):
    images = np.ones(shape, "float32") if native else KerasTensor(shape, "float32")
    with pytest.raises(ShapeError, match=said):
        ops.image.extract_patches(images, **arguments, **LAST)
