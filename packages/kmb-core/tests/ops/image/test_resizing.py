"""Resizing keeps what it must keep: flat images, ramps, bytes; and shapes are known as far as sizes are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.errors import ShapeError

RANDOM = np.random.default_rng(0)
MODES = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"]


def array(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(3, 4), (31, 17), (7, 40)])
def test_a_flat_image_stays_flat(mode, antialias, size):
    found = ops.image.resize(np.full((9, 20, 2), 0.7, "float32"), size, mode, antialias, data_format="channels_last")
    np.testing.assert_allclose(array(found), np.full((*size, 2), 0.7), rtol=2e-6)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [8, 18, 27, 50])
def test_a_ramp_stays_a_ramp_away_from_the_borders(mode, size):
    ramp = np.arange(20, dtype="float32").reshape(1, 20, 1)
    found = array(ops.image.resize(ramp, (1, size), mode, data_format="channels_last"))[0, :, 0]
    places = (np.arange(size) + 0.5) * 20 / size - 0.5
    inner = (places > 2) & (places < 17)
    np.testing.assert_allclose(found[inner], places[inner], rtol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(MODES), st.booleans(), st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_rows_and_columns_are_treated_alike(mode, antialias, size, new, last):
    x = RANDOM.random((1, size, 5, 1)).astype("float32")
    layout = {"data_format": "channels_last" if last else "channels_first"}
    images = x if last else np.moveaxis(x, -1, 1)
    down = array(ops.image.resize(images, (new, 5), mode, antialias, **layout))
    turned = array(
        ops.image.resize(np.swapaxes(images, *((1, 2) if last else (2, 3))), (5, new), mode, antialias, **layout)
    )
    np.testing.assert_allclose(down, np.swapaxes(turned, *((1, 2) if last else (2, 3))), atol=2e-6)


@pytest.mark.parametrize("factor", [2, 3])
def test_antialiased_and_area_halves_are_means_of_blocks(factor):
    x = RANDOM.random((6 * factor, 4 * factor, 1)).astype("float32")
    blocks = x.reshape(6, factor, 4, factor, 1).mean((1, 3))
    found = array(ops.image.resize(x, (6, 4), "area", data_format="channels_last"))
    np.testing.assert_allclose(found, blocks, rtol=1e-5)


def test_bytes_are_rounded_and_stay_in_their_range():
    step = np.array([0, 0, 255, 255], "uint8").reshape(1, 4, 1)
    found = ops.image.resize(step, (1, 16), "bicubic", data_format="channels_last")
    assert dtype_of(found) == "uint8"
    line = array(found)[0, :, 0].astype(int)
    assert (np.diff(line) >= 0).all()  # overshoot does not wrap around
    assert (line[0], line[-1]) == (0, 255)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int32", "bfloat16", "float16", "float32"])
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_the_dtype_stays(dtype, mode):
    image = ops.cast(np.eye(4).reshape(4, 4, 1), dtype)
    assert dtype_of(ops.image.resize(image, (3, 7), mode)) == dtype


def test_a_crop_or_a_border_keeps_the_aspect_ratio():
    disc = (np.hypot(*np.mgrid[-20:21, -20:21]) < 15).astype("float32")
    wide = np.pad(disc, [(0, 0), (20, 20)])[..., None]
    cut = array(ops.image.resize(wide, (41, 41), crop_to_aspect_ratio=True, data_format="channels_last"))
    np.testing.assert_array_equal(cut[..., 0], disc)
    framed = ops.image.resize(wide, (40, 40), pad_to_aspect_ratio=True, fill_value=7, data_format="channels_last")
    framed = array(framed)[..., 0]
    np.testing.assert_allclose(framed[0], 7, rtol=1e-6)
    inside = framed[12:28]
    assert abs((inside > 0.5).sum(0).max() - (inside > 0.5).sum(1).max()) <= 1  # the disc is still round


def test_an_unknown_batch_and_unknown_sizes_are_enough_for_the_shape():
    found = ops.image.resize(KerasTensor((None, None, None, 3), "uint8"), (4, 5), data_format="channels_last")
    assert (found.shape, found.dtype) == ((None, 4, 5, 3), "uint8")
    found = ops.image.resize(KerasTensor((3, None, 7), "float32"), (4, 5), data_format="channels_first")
    assert found.shape == (3, 4, 5)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"size": (4,)}, ShapeError, "size"),
        ({"size": 4}, ShapeError, "size"),
        ({"size": (0, 4)}, ShapeError, "positive"),
        ({"size": (2.5, 4)}, ShapeError, "size"),
        ({"interpolation": "cubic"}, ValueError, "interpolation"),
        ({"fill_mode": "reflect"}, ValueError, "fill_mode"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ValueError, "exclude"),
        ({"data_format": "last"}, ValueError, "channels_last"),
        ({"images": np.ones((4, 4), "float32")}, ShapeError, "axes"),
        ({"images": np.ones((1, 1, 4, 4, 1), "float32")}, ShapeError, "axes"),
    ],
)
@pytest.mark.parametrize("native", [True, False])
def test_what_is_wrong_is_told(change, error, said, native):
    arguments = {"images": np.ones((4, 4, 1), "float32"), "size": (2, 2), **change}
    convert = current_backend().convert
    arguments["images"] = convert(arguments["images"]) if native else KerasTensor(arguments["images"].shape, "float32")
    with pytest.raises(error, match=said):
        ops.image.resize(**arguments)


# Scaling and moving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "mode"), [("linear", "bilinear"), ("cubic", "bicubic"), ("lanczos5", "lanczos5")])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(5, 20), (13, 4)])
def test_scaling_by_the_ratio_of_sizes_is_resizing(method, mode, antialias, size):
    x = RANDOM.random((7, 9, 2)).astype("float32")
    scale = np.array([size[0] / 7, size[1] / 9], "float32")
    found = ops.image.scale_and_translate(x, (*size, 2), scale, np.zeros(2, "float32"), (0, 1), method, antialias)
    expected = ops.image.resize(x, size, mode, antialias, data_format="channels_last")
    np.testing.assert_allclose(array(found), array(expected), atol=1e-5)


def test_a_whole_step_moves_elements_and_leaves_zeros():
    x = RANDOM.random((4, 3)).astype("float32")
    found = ops.image.scale_and_translate(x, (4, 3), np.ones(1, "float32"), np.array([2.0], "float32"), (-2,), "cubic")
    np.testing.assert_allclose(array(found), np.concatenate([np.zeros((2, 3)), x[:2]]), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"output_shape": (4,)}, ShapeError, "output_shape"),
        ({"output_shape": (4, 9)}, ShapeError, "output_shape"),
        ({"scale": np.ones(2, "float32")}, ShapeError, "scale"),
        ({"spatial_dims": (2,)}, ShapeError, "axis"),
        ({"method": "nearest"}, ValueError, "method"),
    ],
)
def test_what_does_not_fit_is_told(change, error, said):
    given = {"output_shape": (4, 3), "scale": np.ones(1, "float32"), "translation": np.ones(1, "float32")}
    with pytest.raises(error, match=said):
        ops.image.scale_and_translate(
            np.ones((5, 3), "float32"), **{**given, "spatial_dims": (0,), "method": "linear", **change}
        )
