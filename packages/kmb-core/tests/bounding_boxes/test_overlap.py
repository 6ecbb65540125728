"""Overlap, against areas counted on a grid of pixels and formulas written out."""

import math

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.errors import ShapeError
from kmb_core.utils.bounding_boxes import compute_ciou, compute_iou, convert_format

RANDOM = np.random.default_rng(0)


def boxes(*shape):
    start, size = RANDOM.integers(0, 12, (*shape, 2)), RANDOM.integers(1, 9, (*shape, 2))
    return np.concatenate([start, start + size], -1).astype("float32")


def pixels(box):
    picture = np.zeros((24, 24), bool)
    left, top, right, bottom = box.astype(int)
    picture[top:bottom, left:right] = True
    return picture


def counted(first, second):
    one, two = pixels(first), pixels(second)
    return (one & two).sum() / (one | two).sum()


def test_the_overlap_is_the_share_of_pixels():
    first, second = boxes(5), boxes(4)
    expected = [[counted(a, b) for b in second] for a in first]
    np.testing.assert_allclose(ops.convert_to_numpy(compute_iou(first, second, "xyxy")), expected, atol=1e-6)


@pytest.mark.parametrize(("first", "second"), [((2, 5), (2, 4)), ((2, 5), (4,)), ((5,), (2, 4))])
def test_boxes_of_all_images_are_paired_with_those_of_each(first, second):
    first, second = boxes(*first), boxes(*second)
    batched = [np.broadcast_to(x, (2, *x.shape[-2:])) for x in (first, second)]
    expected = [[[counted(a, b) for b in two] for a in one] for one, two in zip(*batched, strict=True)]
    np.testing.assert_allclose(ops.convert_to_numpy(compute_iou(first, second, "xyxy")), expected, atol=1e-6)


def test_relative_boxes_overlap_in_pixels():
    first, second = boxes(3), boxes(4)
    relative = [convert_format(x, "xyxy", "rel_center_xywh", 24, 24) for x in (first, second)]
    found = compute_iou(*relative, "rel_center_xywh", image_shape=(24, 24, 3))
    expected = ops.convert_to_numpy(compute_iou(first, second, "xyxy"))
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-5)


def test_padding_is_marked():
    padded = np.array([[-1, -1, -1, -1], [0, 0, 2, 2]], "float32")
    found = ops.convert_to_numpy(compute_iou(padded, padded, "xyxy", use_masking=True, mask_val=-3))
    assert found.tolist() == [[-3.0, -3.0], [-3.0, 1.0]]


def test_boxes_without_area_do_not_overlap():
    nothing = np.zeros((1, 4), "float32")
    assert ops.convert_to_numpy(compute_iou(nothing, nothing, "xyxy")).tolist() == [[0.0]]


def complete(a, b):
    """The formula of Zheng et al., in Python's floats."""
    a, b = a.astype(float), b.astype(float)
    around = (max(a[2], b[2]) - min(a[0], b[0])) ** 2 + (max(a[3], b[3]) - min(a[1], b[1])) ** 2
    distance = ((a[0] + a[2] - b[0] - b[2]) ** 2 + (a[1] + a[3] - b[1] - b[3]) ** 2) / 4
    angles = [math.atan((x[2] - x[0]) / (x[3] - x[1])) for x in (a, b)]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    overlap = counted(a, b)
    return overlap - distance / around - (v / (1 - overlap + v) * v if v else 0.0)


def test_complete_overlap_follows_its_formula():
    first, second = boxes(2, 6), boxes(2, 6)
    expected = [[complete(a, b) for a, b in zip(*pair, strict=True)] for pair in zip(first, second, strict=True)]
    np.testing.assert_allclose(ops.convert_to_numpy(compute_ciou(first, second, "xyxy")), expected, atol=1e-5)


def test_complete_overlap_takes_relative_boxes():
    first, second = boxes(6), boxes(6)
    relative = [convert_format(x, "xyxy", "rel_xywh", 24, 32) for x in (first, second)]
    found = ops.convert_to_numpy(compute_ciou(*relative, "rel_xywh", image_shape=(24, 32, 3)))
    np.testing.assert_allclose(found, ops.convert_to_numpy(compute_ciou(first, second, "xyxy")), atol=1e-4)


def test_a_missing_image_shape_is_named():
    with pytest.raises(ValueError, match="boxes1 are 'rel_xyxy', which needs image_shape"):
        compute_iou(boxes(2), boxes(2), "rel_xyxy")


def test_other_axes_are_refused():
    with pytest.raises(ShapeError, match=r"expected boxes2 of shape .*, got \(4,\)"):
        compute_iou(boxes(2), boxes(), "xyxy")
