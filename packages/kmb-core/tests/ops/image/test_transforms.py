"""Maps of the plane: whole steps, turns and corners are exact; four points go where they have to."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 5, 5, 3)).astype("float32")
LAST = {"data_format": "channels_last"}
IDENTITY = np.array([1, 0, 0, 0, 1, 0, 0, 0], "float32")
QUARTER = np.array([0, 1, 0, -1, 0, 4, 0, 0], "float32")  # (x, y) is read at (y, 4 - x)
CORNERS = np.array([[0, 0], [4, 0], [0, 4], [4, 4]], "float32")


def array(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
def test_whole_steps_and_quarter_turns_are_exact(interpolation, mode):
    same = ops.image.affine_transform(IMAGES, IDENTITY, interpolation, mode, **LAST)
    np.testing.assert_array_equal(array(same), IMAGES)
    turned = ops.image.affine_transform(IMAGES, np.stack([QUARTER, IDENTITY]), interpolation, mode, **LAST)
    np.testing.assert_array_equal(array(turned)[0], np.rot90(IMAGES[0], -1))
    np.testing.assert_array_equal(array(turned)[1], IMAGES[1])


@pytest.mark.parametrize(
    ("mode", "expected"), [("wrap", [5, 1, 2, 3, 4]), ("mirror", [2, 1, 2, 3, 4]), ("reflect", [1, 1, 2, 3, 4])]
)
def test_borders_are_what_their_names_say(mode, expected):
    row = np.arange(1, 6, dtype="float32").reshape(1, 5, 1)
    moved = ops.image.affine_transform(row, [1.0, 0, -1.0, 0, 1.0, 0, 0, 0], "bilinear", mode, **LAST)
    assert array(moved).ravel().tolist() == expected


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_the_same_points_change_nothing(interpolation):
    points = np.array([[0.5, 1.0], [3.0, 0.2], [1.0, 4.0], [3.7, 3.5]], "float32")
    found = ops.image.perspective_transform(IMAGES, points, points, interpolation, **LAST)
    np.testing.assert_allclose(array(found), IMAGES, atol=1e-5)


def test_start_points_go_to_end_points():
    order = [2, 0, 3, 1]  # corners go to corners: a quarter turn, given by points
    found = ops.image.perspective_transform(IMAGES, CORNERS, CORNERS[order], **LAST)
    for source, target in zip(CORNERS.astype(int), CORNERS[order].astype(int), strict=True):
        np.testing.assert_allclose(array(found)[:, target[1], target[0]], IMAGES[:, source[1], source[0]], atol=1e-5)


def test_straight_lines_stay_straight():
    end = np.array([[0.4, 0.2], [3.9, 0.6], [0.1, 3.3], [3.0, 3.8]], "float32")
    ramp = np.broadcast_to(np.arange(64, dtype="float32")[None, :, None], (64, 64, 1)).copy()
    found = array(ops.image.perspective_transform(ramp, CORNERS * 15, end * 15, fill_value=-1.0, **LAST))[..., 0]
    # on an image's row (x, y) a ramp seen in perspective is a fraction of two linear functions: cross-ratios stay
    row = found[30][found[30] > 0][5:25:5].astype("float64")
    a, b, c, d = row[:4]
    ratio = ((c - a) * (d - b)) / ((c - b) * (d - a))
    assert ratio == pytest.approx((10 * 10) / (5 * 15), rel=1e-3)


def test_points_on_the_horizon_are_outside():
    transform = np.array([1, 0, 0, 0, 1, 0, -0.5, 0], "float32")  # k = 0 at x = 2
    found = array(ops.image.affine_transform(IMAGES[0], transform, fill_value=7.0, **LAST))
    assert (found[1:, 2] == 7.0).all()
    assert np.isfinite(found).all()


def test_bytes_stay_bytes():
    images = (IMAGES * 255).astype("uint8")
    found = array(ops.image.affine_transform(images, [1.0, 0, 0.5, 0, 1.0, 0, 0, 0], **LAST))
    assert found.dtype == np.uint8
    between = (images[:, :, :-1].astype(int) + images[:, :, 1:] + 1) // 2
    np.testing.assert_array_equal(found[:, :, :-1], between)


@pytest.mark.parametrize(
    ("transform", "options", "error", "said"),
    [
        (np.ones((2, 7)), {}, ShapeError, "transform"),
        (np.ones((3, 8)), {}, ShapeError, "transform"),
        (np.ones((1, 2, 8)), {}, ShapeError, "transform"),
        (IDENTITY, {"interpolation": "bicubic"}, ValueError, "interpolation"),
        (IDENTITY, {"fill_mode": "symmetric"}, ValueError, "fill_mode"),
    ],
)
def test_transforms_that_do_not_fit_are_told(transform, options, error, said):
    with pytest.raises(error, match=said):
        ops.image.affine_transform(IMAGES, transform, **options, **LAST)


@pytest.mark.parametrize("points", [np.ones((3, 2)), np.ones((3, 4, 2)), np.ones((2, 4, 3)), np.ones(8)])
def test_points_that_do_not_fit_are_told(points):
    with pytest.raises(ShapeError, match="start_points"):
        ops.image.perspective_transform(IMAGES, points, CORNERS, **LAST)
    with pytest.raises(ShapeError, match="end_points"):
        ops.image.perspective_transform(KerasTensor((2, 5, 5, 3), "float32"), CORNERS, points, **LAST)


# Elastic ---------------------------------------------------------------------------------------------------------

RAMPS = np.stack(np.mgrid[:120, :120][::-1], -1).astype("float32")  # the value of a pixel is its place (x, y)


def displacements(**options):
    found = array(ops.image.elastic_transform(RAMPS, fill_mode="nearest", **options, **LAST))
    return (found - RAMPS)[40:80, 40:80]


def test_displacements_are_smooth_and_as_large_as_alpha_says():
    for sigma in (2.0, 4.0):
        moved = displacements(alpha=20.0, sigma=sigma, seed=3)
        assert moved.std() == pytest.approx(20 / (2 * np.sqrt(np.pi)), rel=0.35)  # of normal numbers under a window
        steps = np.diff(moved, axis=0).std() / moved.std()
        assert steps == pytest.approx(np.sqrt(2 - 2 * np.exp(-1 / (4 * sigma**2))), rel=0.3)  # their correlation


def test_rows_and_columns_move_independently():
    moved = displacements(alpha=20.0, sigma=2.0, seed=3).reshape(-1, 2)
    assert abs(np.corrcoef(moved.T)[0, 1]) < 0.4


def test_a_seed_repeats_and_images_of_a_batch_differ():
    pair = np.stack([RAMPS, RAMPS])
    one, other, third = (array(ops.image.elastic_transform(pair, seed=s, **LAST)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - third).max() > 0.1
    assert np.abs(one[0] - one[1]).max() > 0.1


@pytest.mark.parametrize(("options", "said"), [({"sigma": 0.0}, "sigma"), ({"interpolation": "area"}, "interpolation")])
def test_settings_without_sense_are_told(options, said):
    with pytest.raises(ValueError, match=said):
        ops.image.elastic_transform(IMAGES, **options)
