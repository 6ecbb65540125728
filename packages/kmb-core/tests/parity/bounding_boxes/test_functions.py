"""Boxes as Keras has them, on the same framework."""

import itertools

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.bounding_boxes.formats import FORMATS
from kmb_core.utils import bounding_boxes

pytestmark = pytest.mark.parity

RANDOM = np.random.default_rng(0)
HEIGHT, WIDTH = 40, 60
SHAPE = (HEIGHT, WIDTH, 3)


def corners(*shape):
    start = RANDOM.uniform(-5, 40, (*shape, 2))
    return np.concatenate([start, start + RANDOM.uniform(1, 30, (*shape, 2))], -1).astype("float32")


BOXES, OTHERS, ANCHORS = corners(2, 5), corners(2, 4), corners(5)
NUMBERS = [np.array(pair, "float32") for pair in ([20, -75], [0.1, -0.2], [0.3, 0], [1.3, 0.6], [12, -9], [5, 20])]


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def compared(keras, name, *args, tolerance=1e-4, **options):
    ours = getattr(bounding_boxes, name)(*args, **options)
    theirs = getattr(keras.utils.bounding_boxes, name)(*args, **options)
    parts = [(ours[key], theirs[key]) for key in theirs] if isinstance(theirs, dict) else [(ours, theirs)]
    for one, other in parts:
        one, other = ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=tolerance, rtol=1e-5)


@pytest.mark.parametrize(("source", "target"), [*itertools.product(FORMATS, FORMATS)])
def test_formats(keras, source, target):
    compared(keras, "convert_format", BOXES, source, target, HEIGHT, WIDTH, tolerance=1e-3)


def test_boxes_that_move(keras):
    compared(keras, "affine_transform", BOXES, *NUMBERS, HEIGHT, WIDTH, tolerance=1e-3)
    compared(keras, "affine_transform", BOXES, *NUMBERS, HEIGHT, WIDTH, 0.2, 0.7, tolerance=1e-3)
    compared(keras, "crop", BOXES, 3, 5, 20, 30)
    compared(keras, "pad", BOXES, 3, 5)


def test_boxes_at_the_border(keras):
    labels = np.arange(10, dtype="int32").reshape(2, 5)
    compared(keras, "clip_to_image_size", {"boxes": BOXES, "labels": labels}, 20, 30)
    relative = {"boxes": BOXES / 20, "labels": labels}
    compared(keras, "clip_to_image_size", relative, bounding_box_format="rel_xyxy")


@pytest.mark.parametrize("name", ["xyxy", "xywh", "center_yxhw", "rel_yxyx"])
def test_overlap(keras, name):
    size = {"image_shape": SHAPE} if name.startswith("rel") else {}
    compared(keras, "compute_iou", BOXES, OTHERS, name, **size)
    padded = np.concatenate([OTHERS, np.full((2, 2, 4), -1, "float32")], 1)
    compared(keras, "compute_iou", BOXES, padded, name, use_masking=True, mask_val=-2, **size)
    if not size:  # Keras does not hand its image_shape on
        compared(keras, "compute_ciou", BOXES, BOXES[::-1].copy(), name)


@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
@pytest.mark.parametrize("formats", [("xyxy", "xywh"), ("yxyx", "rel_xyxy")])
def test_deltas(keras, encoding, variance, formats):
    options = (*formats, encoding, variance, SHAPE)
    compared(keras, "encode_box_to_deltas", ANCHORS, BOXES, *options, tolerance=1e-3)
    deltas = ops.convert_to_tensor(RANDOM.normal(size=BOXES.shape).astype("float32"))  # on torch Keras needs a tensor
    compared(keras, "decode_deltas_to_boxes", ANCHORS, deltas, *options, tolerance=1e-2)
