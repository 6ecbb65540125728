"""Layers that move things in images give what Keras's give for the same transformation, and have the same configs.

Where they differ, Keras's boxes or masks leave their image:

- RandomCrop: Keras moves boxes down by the window's left, and to the right by its top. Its images stay as they are at
  inference, other than documented and than its output shape says, and smaller ones are stretched instead of cut.
- Resizing: with `crop_to_aspect_ratio` or `pad_to_aspect_ratio` Keras takes whole pixels for what boxes are moved by.
- RandomShear: Keras moves boxes in parts of width and height, images in pixels.
- RandomRotation, RandomPerspective: Keras takes relative boxes for pixels.
- CenterCrop, RandomCrop: Keras interpolates masks, here as in Resizing the nearest pixel counts, in the masks' dtype.
- MixUp: Keras puts the labels of both images' boxes into the batch's axis, and broadcasts masks against weights. At
  inference it leaves images of integers as they are; here a layer's dtype does not depend on that.
- RandomElasticTransform draws displacements while it transforms; Keras's cannot be had. CutMix's boxes are refused by
  both.
"""

import json

import numpy as np
import pytest

from kmb_core import layers
from kmb_core.backend import convert_to_numpy

pytestmark = pytest.mark.parity

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (2, 6, 8, 3)).astype("float32")
# Floats, because on torch Keras reads integers elsewhere, and on TensorFlow a border of 3.0 does not fit them.
MASKS = RANDOM.integers(0, 5, (2, 6, 8, 1)).astype("float32")
LABELS = np.eye(3, dtype="float32")[[0, 2]]
START = RANDOM.uniform(0, 4, (2, 3, 2))
BOXES = np.concatenate([START, START + RANDOM.uniform(0.5, 3, (2, 3, 2))], -1).astype("float32")
NUMBERS = np.array([[0, 1, 2], [3, 4, 5]], "int32")

# (layer, arguments, which parts Keras has right)
CASES = [
    ("CenterCrop", {"height": 4, "width": 5}, "images masks boxes"),
    ("CenterCrop", {"height": 4, "width": 12}, "images boxes"),
    ("Resizing", {"height": 4, "width": 5}, "images masks boxes"),
    ("Resizing", {"height": 9, "width": 11, "interpolation": "bicubic", "antialias": True}, "images masks boxes"),
    ("Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True}, "images masks"),
    ("Resizing", {"height": 6, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 3.0}, "images masks"),
    ("RandomCrop", {"height": 4, "width": 5, "seed": 1}, "images masks"),
    ("RandomFlip", {"mode": "horizontal", "seed": 1}, "images masks boxes"),
    ("RandomFlip", {"mode": "vertical", "seed": 2}, "images masks boxes"),
    ("RandomFlip", {"seed": 3}, "images masks boxes"),
    ("RandomRotation", {"factor": 0.2, "seed": 1}, "images masks boxes"),
    ("RandomRotation", {"factor": (0.1, 0.3), "fill_mode": "constant", "fill_value": 7.0, "seed": 2}, "images boxes"),
    ("RandomZoom", {"height_factor": 0.3, "seed": 1}, "images masks boxes"),
    (
        "RandomZoom",
        {"height_factor": (-0.3, 0.2), "width_factor": (0.1, 0.3), "fill_mode": "nearest", "seed": 2},
        "images masks boxes",
    ),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (-0.2, 0.4), "seed": 1}, "images masks boxes"),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2, "seed": 1}, "images masks"),
    ("RandomShear", {"x_factor": (0.1, 0.3), "interpolation": "nearest", "fill_mode": "nearest", "seed": 2}, "images"),
    ("RandomPerspective", {"factor": (1.0, 1.0), "scale": 0.4, "fill_value": 9.0, "seed": 1}, "images masks boxes"),
    ("RandomPerspective", {"factor": (0.5, 0.5), "scale": 0.8, "interpolation": "nearest", "seed": 4}, "images boxes"),
    ("RandomElasticTransform", {"factor": 0.4, "scale": (0.2, 0.5), "fill_mode": "nearest", "seed": 1}, ""),
    ("MaxNumBoundingBoxes", {"max_number": 2}, "boxes"),
    ("MaxNumBoundingBoxes", {"max_number": 5}, "boxes"),
    ("CutMix", {"factor": (0.2, 0.7), "seed": 1}, "images masks labels"),
    ("MixUp", {"alpha": 0.4, "seed": 1}, "images labels"),
]


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def as_arrays(transformation):
    """A transformation of Keras's without its framework."""
    if isinstance(transformation, dict):
        return {key: as_arrays(value) for key, value in transformation.items() if key != "seed"}
    if isinstance(transformation, (tuple, list)):
        return tuple(as_arrays(value) for value in transformation)
    return np.array(convert_to_numpy(transformation)) if hasattr(transformation, "shape") else transformation


def as_tensors(keras, given):
    """A transformation for Keras, new for each call: on torch it changes matrices in place."""
    if isinstance(given, dict):
        return {key: as_tensors(keras, value) for key, value in given.items()}
    if isinstance(given, tuple):
        return tuple(as_tensors(keras, value) for value in given)
    return keras.ops.convert_to_tensor(given.copy()) if isinstance(given, np.ndarray) else given


def close(ours, theirs, tolerance=2e-3):
    ours, theirs = np.asarray(convert_to_numpy(ours)), np.asarray(convert_to_numpy(theirs))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours.astype("float64"), theirs.astype("float64"), atol=tolerance)


def readable(config):
    """The config with one number for equal bounds of a shear: Keras writes both, and reads no negative one."""
    bounds = {key: config[key] for key in ("x_factor", "y_factor") if isinstance(config.get(key), list)}
    return config | {key: high for key, (low, high) in bounds.items() if low == -high < 0}


@pytest.mark.parametrize(("name", "options", "parts"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_the_same_transformation_does_the_same(keras, name, options, parts):
    options = {**options, "bounding_box_format": "xyxy"}
    ours, theirs = getattr(layers, name)(name="x", **options), getattr(keras.layers, name)(name="x", **options)
    assert json.loads(json.dumps(ours.get_config())) == readable(json.loads(json.dumps(theirs.get_config())))
    tensor = keras.ops.convert_to_tensor
    given = as_arrays(theirs.get_random_transformation(tensor(IMAGES), training=True))
    if "images" in parts:
        found = theirs.transform_images(tensor(IMAGES), as_tensors(keras, given), training=True)
        close(ours.transform_images(IMAGES, given, training=True), found)
    if "masks" in parts:
        found = theirs.transform_segmentation_masks(tensor(MASKS), as_tensors(keras, given), training=True)
        close(ours.transform_segmentation_masks(MASKS, given, training=True), found)
    if "labels" in parts:
        found = theirs.transform_labels(tensor(LABELS), as_tensors(keras, given), training=True)
        close(ours.transform_labels(LABELS, given, training=True), found)
    if "boxes" in parts:
        boxes = {"boxes": tensor(BOXES.copy()), "labels": tensor(NUMBERS.copy())}
        found = theirs.transform_bounding_boxes(boxes, as_tensors(keras, given), training=True)
        mine = ours.transform_bounding_boxes({"boxes": BOXES, "labels": NUMBERS}, given, training=True)
        close(mine["boxes"], found["boxes"])
        close(mine["labels"], found["labels"])


@pytest.mark.parametrize("name", sorted({case[0] for case in CASES}))
def test_what_is_drawn_looks_the_same(keras, name):
    options = next(case[1] for case in CASES if case[0] == name)
    ours, theirs = getattr(layers, name)(**options), getattr(keras.layers, name)(**options)
    mine = ours.get_random_transformation(IMAGES, training=True)
    found = theirs.get_random_transformation(keras.ops.convert_to_tensor(IMAGES), training=True)
    for key in {*found} - {"seed", "batch_masks"} if isinstance(found, dict) else ():
        assert np.shape(convert_to_numpy(mine[key])) == np.shape(convert_to_numpy(found[key])), key


@pytest.mark.parametrize("name", ["Resizing", "CenterCrop", "RandomFlip", "MaxNumBoundingBoxes"])
def test_dtypes_of_images_are_those_of_keras(keras, name):
    options = {"Resizing": (4, 4), "CenterCrop": (4, 4), "MaxNumBoundingBoxes": (3,)}.get(name, ())
    images = IMAGES.astype("uint8")
    ours = getattr(layers, name)(*options)({"images": images}, training=False)["images"]
    theirs = getattr(keras.layers, name)(*options)({"images": images}, training=False)["images"]
    assert convert_to_numpy(ours).dtype == convert_to_numpy(theirs).dtype
    close(ours, theirs, 1.0)


def test_points_and_boxes_of_affine_layers_move_alike(keras):
    x, y = RANDOM.uniform(0, 8, (2, 2, 5)).astype("float32")
    maps = RANDOM.uniform(0, 0.5, (2, 8)).astype("float32")
    tensors = [keras.ops.convert_to_tensor(part) for part in (x, y, maps)]
    boxes = {"boxes": BOXES, "labels": NUMBERS}
    theirs = {name: keras.ops.convert_to_tensor(part) for name, part in boxes.items()}
    for name, arguments in (("RandomShear", (0.1,)), ("RandomTranslation", (0.1, 0.1)), ("RandomZoom", (0.1,))):
        mine, other = getattr(layers, name)(*arguments), getattr(keras.layers, name)(*arguments)
        for one, two in zip(mine.get_transformed_x_y(x, y, maps), other.get_transformed_x_y(*tensors), strict=True):
            close(one, two)
        if name == "RandomZoom":
            close(
                mine.get_clipped_bbox(boxes, 5.0, 1.0, 6.0, 2.0)["boxes"],
                other.get_clipped_bbox(theirs, 5.0, 1.0, 6.0, 2.0)["boxes"],
            )
        else:
            moved = other.get_shifted_bbox(dict(theirs), 0.5, 0.25)
            close(mine.get_shifted_bbox(boxes, 0.5, 0.25)["boxes"], moved["boxes"])
