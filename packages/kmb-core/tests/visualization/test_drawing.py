"""Boxes and masks drawn on images: which pixels change, and into what."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.visualization import draw_bounding_boxes, draw_segmentation_masks

BLACK = np.zeros((2, 20, 30, 3), "float32")
BOXES = {"boxes": np.array([[[4, 5, 14, 12]], [[0, 0, 1, 1]]], "float32"), "labels": np.array([[1], [-1]])}


def frame(thickness):
    """The pixels of the first box's lines."""
    picture = np.zeros((20, 30), bool)
    picture[5:13, 4:15] = True
    picture[5 + thickness : 13 - thickness, 4 + thickness : 15 - thickness] = False
    return picture


@pytest.mark.parametrize("thickness", [1, 2])
def test_a_box_is_a_frame_of_its_colour(thickness):
    drawn = draw_bounding_boxes(BLACK, BOXES, "xyxy", color=(9, 80, 200), line_thickness=thickness)
    assert drawn.dtype == "uint8"
    np.testing.assert_array_equal(drawn[0], frame(thickness)[..., None] * np.array([9, 80, 200], "uint8"))


def test_padding_is_not_drawn():
    assert not draw_bounding_boxes(BLACK, BOXES, "xyxy")[1].any()


def test_boxes_come_in_any_format_and_images_as_tensors():
    expected = draw_bounding_boxes(BLACK, BOXES, "xyxy")
    relative = {**BOXES, "boxes": BOXES["boxes"] / np.array([30, 20, 30, 20], "float32")}
    found = draw_bounding_boxes(ops.convert_to_tensor(BLACK), relative, "rel_xyxy")
    np.testing.assert_array_equal(found, expected)


def test_channels_first_stay_first():
    found = draw_bounding_boxes(np.moveaxis(BLACK, -1, 1), BOXES, "xyxy", data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(found, 1, -1), draw_bounding_boxes(BLACK, BOXES, "xyxy"))


def test_grey_images_get_the_colours_brightness():
    drawn = draw_bounding_boxes(BLACK[..., :1], BOXES, "xyxy", color=(255, 0, 0))
    assert drawn.shape == (2, 20, 30, 1)
    assert {*np.unique(drawn)} == {0, 76}  # 0.299 of 255


def test_names_are_written_above_and_inside_at_the_border():
    picture = np.zeros((1, 60, 90, 3), "float32")
    for top, rows in ((30, slice(0, 30)), (0, slice(3, 55))):
        boxes = {"boxes": np.array([[[10, top, 80, 58]]]), "labels": np.array([[1]])}
        plain = draw_bounding_boxes(picture, boxes, "xyxy")
        named = draw_bounding_boxes(picture, boxes, "xyxy", {1: "cat"})
        sure = draw_bounding_boxes(picture, {**boxes, "confidences": np.array([[0.5]])}, "xyxy", {1: "cat"})
        assert (named != plain).any(-1)[0, rows].any()
        assert (sure != plain).any(-1).sum() > (named != plain).any(-1).sum()


@pytest.mark.parametrize(
    ("boxes", "error", "words"),
    [
        ([1], TypeError, "bounding_boxes is a dict, got list"),
        ({"boxes": BOXES["boxes"]}, ValueError, r"expected 'boxes' and 'labels' in bounding_boxes, got \['boxes'\]"),
        ({**BOXES, "labels": np.zeros((2, 3))}, ValueError, r"got \(2, 1, 4\) and \(2, 3\)"),
    ],
)
def test_what_is_no_boxes_is_refused(boxes, error, words):
    with pytest.raises(error, match=words):
        draw_bounding_boxes(BLACK, boxes, "xyxy")


def test_one_image_is_no_batch():
    with pytest.raises(ShapeError, match=r"expected a batch of images with 4 axes, got shape \(20, 30, 3\)"):
        draw_segmentation_masks(BLACK[0], np.zeros((20, 30), int))


GREY = np.full((1, 1, 5, 3), 100, "uint8")
CLASSES = np.array([[[0, 1, 2, 3, -1]]])
COLORS = {1: (255, 0, 0), 2: (0, 255, 0), 3: (0, 0, 255)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[100, 100, 100], [224, 20, 20], [20, 224, 20], [20, 20, 224], [100, 100, 100]]),
        ({"alpha": 0.5}, [[100, 100, 100], [177, 50, 50], [50, 177, 50], [50, 50, 177], [100, 100, 100]]),
        ({"blend": False}, [[100, 100, 100], [255, 0, 0], [0, 255, 0], [0, 0, 255], [100, 100, 100]]),
        ({"ignore_index": 2}, [[100, 100, 100], [224, 20, 20], [100, 100, 100], [20, 20, 224], [100, 100, 100]]),
    ],
)
def test_classes_are_painted_over(options, expected):
    for masks in (CLASSES, CLASSES[..., None], ops.convert_to_tensor(CLASSES)):
        drawn = draw_segmentation_masks(GREY, masks, color_mapping=COLORS, **options)
        assert drawn.dtype == "uint8"
        assert drawn[0, 0].tolist() == expected


def test_without_a_mapping_each_class_has_a_colour_of_its_own():
    drawn = draw_segmentation_masks(GREY, CLASSES, blend=False)[0, 0].tolist()
    assert drawn[0] == [0, 0, 0]
    assert len({tuple(color) for color in drawn}) == 5
    assert draw_segmentation_masks(GREY, CLASSES, ignore_index=0)[0, 0, 0].tolist() == [100, 100, 100]


def test_masks_with_channels_first_and_grey_images():
    found = draw_segmentation_masks(
        np.moveaxis(GREY, -1, 1), CLASSES[:, None], color_mapping=COLORS, data_format="channels_first"
    )
    assert found.shape == (1, 3, 1, 5)
    grey = draw_segmentation_masks(GREY[..., :1], CLASSES, color_mapping=COLORS)
    np.testing.assert_array_equal(np.moveaxis(found, 1, -1), grey)


def test_masks_are_integers_of_the_images_size():
    with pytest.raises(DTypeError, match="expected masks of integers, got float64"):
        draw_segmentation_masks(GREY, CLASSES * 1.0)
    with pytest.raises(ShapeError, match=r"expected masks \(1, 1, 5\) .*got \(1, 1, 4\)"):
        draw_segmentation_masks(GREY, CLASSES[..., :4])
    with pytest.raises(ValueError, match="alpha is from 0 to 1, got 2"):
        draw_segmentation_masks(GREY, CLASSES, alpha=2)
