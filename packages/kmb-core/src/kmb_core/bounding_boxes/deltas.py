"""Boxes as what a detector predicts: by how much they differ from anchors."""

from collections.abc import Mapping
from typing import Any

from kmb_core.bounding_boxes.formats import convert_format
from kmb_core.errors import message
from kmb_core.ops.arithmetic import add, maximum, multiply, subtract, true_divide
from kmb_core.ops.creation import cast, convert_to_tensor
from kmb_core.ops.functions import exp, log
from kmb_core.ops.manipulation import concatenate, split
from kmb_core.ops.tensors import static_shape
from kmb_core.settings import epsilon
from kmb_core.typing import Tensor

ENCODINGS = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The differences of boxes and anchors: of the centres, in sizes of the anchor, and of the sizes, as logarithms.

    Args:
        anchors: `(N, 4)`; or a dict of them, as `boxes` then.
        boxes: `(N, 4)` or `(batch, N, 4)`: the box for each anchor.
        anchor_format, box_format: their formats; see `convert_format`.
        encoding_format: "center_xywh" or "center_yxhw": the order of the result's columns.
        variance: four numbers that the differences are divided by.
        image_shape: `(height, width, channels)`, needed when one of the formats is relative.

    Returns:
        A tensor of the shape of `boxes`, float32; or a dict of them.

    Raises:
        ValueError: for an unknown format or encoding, other than four variances, other keys in `boxes` than in
            `anchors`, or a missing size.

    Source: Girshick et al., "Rich feature hierarchies for accurate object detection", 2014, appendix C.

    Example:
        >>> from kmb_core import utils
        >>> deltas = utils.bounding_boxes.encode_box_to_deltas([[0, 0, 4, 4]], [[1, 0, 5, 4]], "xyxy", "xyxy")
        >>> [float(x) for x in deltas[0]]
        [0.0, 0.25, 0.0, 0.0]
    """
    if isinstance(anchors, Mapping):
        pairs = _levels(anchors, boxes, "boxes")
        rest = (anchor_format, box_format, encoding_format, variance, image_shape)
        return {key: encode_box_to_deltas(level, of_level, *rest) for key, (level, of_level) in pairs.items()}
    _check_encoding(encoding_format, "encoding_format")
    variances = _variances(variance)
    size = _size(image_shape)
    *place, length1, length2 = split(convert_format(boxes, box_format, encoding_format, *size), 4, axis=-1)
    *anchor, side1, side2 = split(convert_format(anchors, anchor_format, encoding_format, *size), 4, axis=-1)
    sides = [_not_nothing(side) for side in (side1, side2)]
    moved = [true_divide(subtract(p, a), side) for p, a, side in zip(place, anchor, sides, strict=True)]
    lengths = (length1, length2)
    grown = [log(true_divide(_not_nothing(length), side)) for length, side in zip(lengths, sides, strict=True)]
    deltas = concatenate([*moved, *grown], axis=-1)
    return deltas if variances is None else true_divide(deltas, variances)


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that `encode_box_to_deltas` made differences of.

    Args:
        anchors: `(N, 4)`; or a dict of them, as `boxes_delta` then.
        boxes_delta: `(N, 4)` or `(batch, N, 4)`: the differences for each anchor.
        anchor_format, box_format: the formats of the anchors and of the result; see `convert_format`.
        encoded_format: "center_xywh" or "center_yxhw": the order of the columns of `boxes_delta`.
        variance: four numbers that the differences are multiplied by.
        image_shape: `(height, width, channels)`, needed when one of the formats is relative.

    Returns:
        A tensor of the shape of `boxes_delta`, float32; or a dict of them.

    Raises:
        ValueError: for an unknown format or encoding, other than four variances, other keys in `boxes_delta` than in
            `anchors`, or a missing size.

    Example:
        >>> from kmb_core import utils
        >>> boxes = utils.bounding_boxes.decode_deltas_to_boxes([[0, 0, 4, 4]], [[0, 0.25, 0, 0]], "xyxy", "xyxy")
        >>> [float(x) for x in boxes[0]]
        [1.0, 0.0, 5.0, 4.0]
    """
    if isinstance(anchors, Mapping):
        pairs = _levels(anchors, boxes_delta, "boxes_delta")
        rest = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {key: decode_deltas_to_boxes(level, of_level, *rest) for key, (level, of_level) in pairs.items()}
    _check_encoding(encoded_format, "encoded_format")
    variances = _variances(variance)
    size = _size(image_shape)
    deltas = cast(convert_to_tensor(boxes_delta), "float32")
    deltas = deltas if variances is None else multiply(deltas, variances)
    *moved, grown1, grown2 = split(deltas, 4, axis=-1)
    *anchor, side1, side2 = split(convert_format(anchors, anchor_format, encoded_format, *size), 4, axis=-1)
    sides = (side1, side2)
    places = [add(multiply(m, side), a) for m, a, side in zip(moved, anchor, sides, strict=True)]
    lengths = [multiply(exp(grown), side) for grown, side in zip((grown1, grown2), sides, strict=True)]
    return convert_format(concatenate([*places, *lengths], axis=-1), encoded_format, box_format, *size)


def _not_nothing(side: Tensor) -> Tensor:
    return maximum(side, epsilon())


def _levels(anchors: Mapping[Any, Any], boxes: Any, name: str) -> dict[Any, tuple[Any, Any]]:
    if not isinstance(boxes, Mapping) or {*anchors} != {*boxes}:
        got = f"the keys {[*boxes]}" if isinstance(boxes, Mapping) else type(boxes).__name__
        what = f"bounding boxes: anchors are a dict with the keys {[*anchors]}, so {name} are one too; got {got}"
        raise ValueError(message(what, None, "Concatenate the levels for boxes of all of them."))
    return {key: (level, boxes[key]) for key, level in anchors.items()}


def _check_encoding(encoding: Any, argument: str) -> None:
    if encoding not in ENCODINGS:
        raise ValueError(f"bounding boxes: {argument} is one of {', '.join(ENCODINGS)}; got {encoding!r}")


def _variances(variance: Any) -> Tensor | None:
    if variance is None:
        return None
    variance = cast(convert_to_tensor(variance), "float32")
    if tuple(static_shape(variance)) != (4,):
        raise ValueError(f"bounding boxes: variance is four numbers, got shape {tuple(static_shape(variance))}")
    return variance


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape)[:2]
