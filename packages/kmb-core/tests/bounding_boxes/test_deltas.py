"""Differences of boxes and anchors, against the formula written out."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.utils.bounding_boxes import convert_format, decode_deltas_to_boxes, encode_box_to_deltas

ANCHORS = np.array([[10, 20, 30, 50], [0, 0, 10, 10], [5, 5, 25, 15]], "float32")
BOXES = np.array(
    [[[12, 22, 33, 40], [1, 2, 3, 9], [5, 5, 25, 15]], [[0, 0, 30, 30], [-4, 2, 8, 9], [6, 1, 9, 2]]], "float32"
)


def written_out(anchors, boxes):
    """Differences of x, y, width and height."""
    centres = [(x[..., :2] + x[..., 2:]) / 2 for x in (anchors, boxes)]
    sizes = [x[..., 2:] - x[..., :2] for x in (anchors, boxes)]
    return np.concatenate([(centres[1] - centres[0]) / sizes[0], np.log(sizes[1] / sizes[0])], -1)


@pytest.mark.parametrize(("encoding", "order"), [("center_xywh", [0, 1, 2, 3]), ("center_yxhw", [1, 0, 3, 2])])
def test_differences_follow_their_formula(encoding, order):
    found = ops.convert_to_numpy(encode_box_to_deltas(ANCHORS, BOXES, "xyxy", "xyxy", encoding))
    np.testing.assert_allclose(found, written_out(ANCHORS, BOXES)[..., order], atol=1e-5)


def test_variances_divide():
    variance = [0.1, 0.1, 0.2, 0.4]
    found = encode_box_to_deltas(ANCHORS, BOXES, "xyxy", "xyxy", "center_xywh", variance)
    np.testing.assert_allclose(ops.convert_to_numpy(found), written_out(ANCHORS, BOXES) / variance, atol=1e-4)


@pytest.mark.parametrize("formats", [("xyxy", "xywh"), ("rel_yxyx", "rel_center_xywh")])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
def test_decoding_undoes_encoding(formats, variance):
    size = {"variance": variance, "image_shape": (60, 40, 3)}
    anchors, boxes = (convert_format(x, "xyxy", f, 60, 40) for x, f in zip((ANCHORS, BOXES), formats, strict=True))
    deltas = encode_box_to_deltas(anchors, boxes, *formats, **size)
    found = decode_deltas_to_boxes(anchors, deltas, *formats, **size)
    np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(boxes), atol=1e-4)


def test_each_level_of_a_pyramid_has_its_own_anchors():
    anchors, boxes = {"P3": ANCHORS, "P4": ANCHORS + 1}, {"P3": BOXES, "P4": BOXES * 2}
    deltas = encode_box_to_deltas(anchors, boxes, "xyxy", "xyxy", "center_xywh")
    decoded = decode_deltas_to_boxes(anchors, deltas, "xyxy", "xyxy", "center_xywh")
    for level in ("P3", "P4"):
        expected = written_out(anchors[level], boxes[level])
        np.testing.assert_allclose(ops.convert_to_numpy(deltas[level]), expected, atol=1e-5)
        np.testing.assert_allclose(ops.convert_to_numpy(decoded[level]), boxes[level], atol=1e-4)


def test_padding_has_finite_differences():
    padding = np.full((3, 4), -1.0, "float32")
    assert np.isfinite(ops.convert_to_numpy(encode_box_to_deltas(ANCHORS, padding, "xyxy", "xyxy"))).all()


def test_levels_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"keys \['P3'\], so boxes are one too; got the keys \['P4'\]"):
        encode_box_to_deltas({"P3": ANCHORS}, {"P4": BOXES}, "xyxy", "xyxy")


def test_an_encoding_by_corners_is_refused():
    with pytest.raises(ValueError, match="encoded_format is one of center_xywh, center_yxhw; got 'xyxy'"):
        decode_deltas_to_boxes(ANCHORS, BOXES, "xyxy", "xyxy", "xyxy")


def test_three_variances_are_refused():
    with pytest.raises(ValueError, match=r"variance is four numbers, got shape \(3,\)"):
        encode_box_to_deltas(ANCHORS, BOXES, "xyxy", "xyxy", variance=[1.0, 2.0, 3.0])
