"""Formats of boxes, against NumPy written out."""

import itertools

import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.bounding_boxes.formats import FORMATS
from kmb_core.errors import ShapeError
from kmb_core.utils.bounding_boxes import convert_format

HEIGHT, WIDTH = 50, 80
CORNERS = np.array([[[10, 20, 30, 50], [-5, 6, 70, 8]], [[0, 0, 80, 50], [3, 4, 3, 4]]], "float64")


def written_out(corners, name, height=HEIGHT, width=WIDTH):
    """What a box is in a format: said a number at a time."""
    if name.startswith("rel_"):
        return written_out(corners / np.array([width, height, width, height]), name[4:])
    left, top, right, bottom = np.moveaxis(corners, -1, 0)
    columns = {
        "xyxy": (left, top, right, bottom),
        "yxyx": (top, left, bottom, right),
        "xywh": (left, top, right - left, bottom - top),
        "center_xywh": ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top),
        "center_yxhw": ((top + bottom) / 2, (left + right) / 2, bottom - top, right - left),
    }
    return np.stack(columns[name], axis=-1)


@pytest.mark.parametrize(("source", "target"), [*itertools.product(FORMATS, FORMATS)])
def test_boxes_go_from_each_format_to_each(source, target):
    given = written_out(CORNERS, source).astype("float32")
    found = ops.convert_to_numpy(convert_format(given, source, target, HEIGHT, WIDTH))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, written_out(CORNERS, target), atol=1e-4)


def test_case_does_not_count_and_lists_are_boxes():
    found = convert_format([10, 20, 30, 50], "XYXY", "center_xyWH")
    assert ops.convert_to_numpy(found).tolist() == [20.0, 35.0, 20.0, 30.0]


def test_a_dict_keeps_what_else_it_holds():
    found = convert_format({"boxes": CORNERS[0], "labels": [1, 2]}, "xyxy", "xywh")
    assert found["labels"] == [1, 2]
    np.testing.assert_allclose(ops.convert_to_numpy(found["boxes"]), written_out(CORNERS[0], "xywh"))


def test_integers_stay_integers_when_asked_for():
    found = convert_format(CORNERS.astype("int32"), "xyxy", "xywh", dtype=None)
    assert ops.dtype(found) == "int32"
    assert ops.convert_to_numpy(found)[0].tolist() == [[10, 20, 20, 30], [-5, 6, 75, 2]]


def test_between_relative_formats_no_size_is_needed():
    given = written_out(CORNERS, "rel_xyxy").astype("float32")
    found = ops.convert_to_numpy(convert_format(given, "rel_xyxy", "rel_center_xywh"))
    np.testing.assert_allclose(found, written_out(CORNERS, "rel_center_xywh"), atol=1e-6)


def test_each_image_may_have_a_size_of_its_own():
    heights, widths = np.array([50, 100], "int32"), np.array([80, 20], "int32")
    found = ops.convert_to_numpy(convert_format(CORNERS, "xyxy", "rel_xyxy", heights, widths))
    expected = [written_out(CORNERS[i], "rel_xyxy", heights[i], widths[i]) for i in (0, 1)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_symbolic_boxes_have_a_shape():
    assert convert_format(KerasTensor((None, 7, 4)), "xyxy", "xywh").shape == (None, 7, 4)


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match=r"source is one of xyxy, .*; got 'corners'"):
        convert_format(CORNERS, "corners", "xyxy")


def test_a_missing_size_is_named():
    with pytest.raises(ValueError, match="'xyxy' to 'rel_xyxy' needs height and width, got height=3, width=None"):
        convert_format(CORNERS, "xyxy", "rel_xyxy", height=3)


def test_other_than_four_numbers_are_refused():
    with pytest.raises(ShapeError, match=r"expected shape \(..., 4\), got \(2, 3\)"):
        convert_format(np.zeros((2, 3), "float32"), "xyxy", "xywh")


def test_a_dict_without_boxes_is_refused():
    with pytest.raises(ValueError, match=r"the key 'boxes', got the keys \['box'\]"):
        convert_format({"box": CORNERS}, "xyxy", "xywh")
