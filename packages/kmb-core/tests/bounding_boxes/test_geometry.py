"""Boxes that move with their image, against points moved one at a time."""

import math

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.utils.bounding_boxes import affine_transform, clip_to_image_size, convert_format, crop, pad

HEIGHT, WIDTH = 40, 60
BOXES = np.array([[[10, 20, 30, 35], [0, 0, 10, 10]], [[5, 5, 59, 39], [-3, 7, 12, 70]]], "float32")
FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw"]


def in_format(boxes, name):
    return ops.convert_to_numpy(convert_format(boxes, "xyxy", name, HEIGHT, WIDTH))


def moved(boxes, matrix, offset):
    """The boxes around boxes whose corners go through a map."""
    result = np.empty(boxes.shape)
    for place in np.ndindex(boxes.shape[:-1]):
        left, top, right, bottom = boxes[place].astype(float)
        corners = [matrix @ np.array(p) + offset for p in ((left, top), (right, top), (left, bottom), (right, bottom))]
        result[place] = [*np.min(corners, 0), *np.max(corners, 0)]
    return result


def around(matrix, centre):
    centre = np.asarray(centre, float)
    return np.asarray(matrix, float), centre - np.asarray(matrix, float) @ centre


TURN = math.radians(25)
MAPS = {
    "turned": ({"angle": 25.0}, [[math.cos(TURN), math.sin(TURN)], [-math.sin(TURN), math.cos(TURN)]]),
    "scaled": ({"scale": 1.7}, [[1.7, 0], [0, 1.7]]),
    "sheared along x": ({"shear_x": 25.0}, [[1, math.tan(TURN)], [0, 1]]),
    "sheared along y": ({"shear_y": 25.0}, [[1, 0], [math.tan(TURN), 1]]),
}
NOTHING = {"angle": 0.0, "translate_x": 0.0, "translate_y": 0.0, "scale": 1.0, "shear_x": 0.0, "shear_y": 0.0}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("middle", [(None, None), (0.25, 0.75)])
def test_boxes_go_around_their_moved_corners(name, middle):
    options, matrix = MAPS[name]
    x, y = (0.5 if part is None else part for part in middle)
    found = affine_transform(
        BOXES, **{**NOTHING, **options}, height=HEIGHT, width=WIDTH, center_x=middle[0], center_y=middle[1]
    )
    expected = moved(BOXES, *around(matrix, (x * (WIDTH - 1), y * (HEIGHT - 1))))
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-4)


def test_translation_is_in_parts_of_the_image():
    numbers = {**NOTHING, "translate_x": 0.5, "translate_y": -0.1}
    found = ops.convert_to_numpy(affine_transform(BOXES, **numbers, height=HEIGHT, width=WIDTH))
    np.testing.assert_allclose(found, BOXES + np.array([29.5, -3.9, 29.5, -3.9]), atol=1e-4)


@pytest.mark.parametrize("name", [*FORMATS, "rel_xyxy", "rel_center_xywh"])
def test_each_image_is_moved_in_its_own_way_in_any_format(name):
    angles, scales = np.array([25.0, -70.0], "float32"), np.array([1.0, 0.5], "float32")
    numbers = {**NOTHING, "angle": angles, "scale": scales}
    found = affine_transform(in_format(BOXES, name), **numbers, height=HEIGHT, width=WIDTH, bounding_box_format=name)
    alone = [
        affine_transform(
            BOXES[i], **{**NOTHING, "angle": float(angles[i]), "scale": float(scales[i])}, height=HEIGHT, width=WIDTH
        )
        for i in (0, 1)
    ]
    expected = in_format(np.stack([ops.convert_to_numpy(x) for x in alone]), name)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-3)


@pytest.mark.parametrize("name", FORMATS)
def test_a_crop_cuts_off_what_is_outside(name):
    expected = np.empty_like(BOXES)
    for place in np.ndindex(BOXES.shape[:-1]):
        left, top, right, bottom = BOXES[place]
        expected[place] = [
            np.clip(left - 8, 0, 30), np.clip(top - 6, 0, 20), np.clip(right - 8, 0, 30), np.clip(bottom - 6, 0, 20)
        ]  # fmt: skip
    found = crop(in_format(BOXES, name), 6, 8, 20, 30, name)
    np.testing.assert_allclose(ops.convert_to_numpy(found), in_format(expected, name), atol=1e-4)


@pytest.mark.parametrize("name", FORMATS)
def test_a_border_shifts_boxes(name):
    found = pad(in_format(BOXES, name), 3, 5, bounding_box_format=name)
    np.testing.assert_allclose(ops.convert_to_numpy(found), in_format(BOXES + np.array([5, 3, 5, 3]), name), atol=1e-4)


def test_crops_and_borders_differ_from_image_to_image():
    tops, lefts = np.array([1, 2], "int32"), np.array([3, 0], "int32")
    found = ops.convert_to_numpy(crop(BOXES, tops, lefts, 20, 30))
    alone = [ops.convert_to_numpy(crop(BOXES[i], int(tops[i]), int(lefts[i]), 20, 30)) for i in (0, 1)]
    np.testing.assert_allclose(found, np.stack(alone))
    shifts = np.array([[3, 1, 3, 1], [0, 2, 0, 2]], "float32")[:, None]
    np.testing.assert_allclose(ops.convert_to_numpy(pad(BOXES, tops, lefts)), BOXES + shifts)


def test_integers_stay_integers():
    whole = BOXES.astype("int32")
    assert ops.dtype(crop(whole, 1, 2, 20, 30)) == "int32"
    assert ops.convert_to_numpy(pad(whole, 1, 2))[0, 0].tolist() == [12, 21, 32, 36]


def test_a_dict_keeps_its_labels():
    given = {"boxes": BOXES[0], "labels": np.array([1, 2])}
    for found in (crop(given, 1, 2, 20, 30), pad(given, 1, 2), affine_transform(given, **NOTHING, height=9, width=9)):
        assert found["labels"] is given["labels"]
        assert tuple(found["boxes"].shape) == (2, 4)


def test_boxes_are_cut_off_at_the_border_and_lost_ones_lose_their_label():
    boxes = np.array([[-5, -5, 70, 20], [61, 3, 65, 9], [3, 41, 9, 50], [10, 10, 10, 20]], "float32")
    found = clip_to_image_size({"boxes": boxes, "labels": np.array([0, 1, 2, 3]), "scores": 7}, HEIGHT, WIDTH)
    assert ops.convert_to_numpy(found["boxes"]).tolist() == [
        [0, 0, 60, 20],
        [60, 3, 60, 9],
        [3, 40, 9, 40],
        [10, 10, 10, 20],
    ]
    assert ops.convert_to_numpy(found["labels"]).tolist() == [0, -1, -1, -1]
    assert found["scores"] == 7


@pytest.mark.parametrize("name", [*FORMATS, "rel_xyxy", "rel_xywh", "rel_center_xywh"])
def test_boxes_are_cut_off_in_any_format(name):
    given = {"boxes": in_format(BOXES, name), "labels": np.zeros((2, 2, 3), "float32")}
    found = clip_to_image_size(given, HEIGHT, WIDTH, name)
    expected = np.stack([np.clip(BOXES[..., i], 0, (WIDTH, HEIGHT)[i % 2]) for i in range(4)], -1)
    np.testing.assert_allclose(ops.convert_to_numpy(found["boxes"]), in_format(expected, name), atol=1e-4)
    assert tuple(found["labels"].shape) == (2, 2, 3)


@pytest.mark.parametrize(
    "function", [lambda: crop(BOXES, 1, 2, 3, 4, "rel_xyxy"), lambda: pad(BOXES, 1, 2, bounding_box_format="REL_xyxy")]
)
def test_relative_boxes_are_refused_where_the_image_changes_its_size(function):
    with pytest.raises(ValueError, match="expects pixels, got the format"):
        function()


def test_a_border_needs_a_size():
    with pytest.raises(ValueError, match="'xywh' needs height and width, got height=None, width=3"):
        clip_to_image_size({"boxes": BOXES}, width=3, bounding_box_format="xywh")


def test_boxes_alone_are_refused_where_labels_are_changed():
    with pytest.raises(ValueError, match="expected a dict of 'boxes' and 'labels'"):
        clip_to_image_size(BOXES, 3, 3)
