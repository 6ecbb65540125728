"""Boxes moved along with their image: turned, cropped, padded, and cut off at its border."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.bounding_boxes.formats import (
    boxes_of,
    checked_boxes,
    checked_format,
    convert_format,
    is_relative,
    per_image,
)
from kmb_core.errors import message
from kmb_core.ops.arithmetic import add, maximum, minimum, multiply, subtract
from kmb_core.ops.comparison import less_equal, logical_or, where
from kmb_core.ops.creation import cast, convert_to_tensor
from kmb_core.ops.functions import cos, sin, tan
from kmb_core.ops.manipulation import concatenate, split, squeeze
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.reduction import min as smallest
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor

Rows = tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """The boxes around boxes that were moved, turned, scaled and sheared, in this order.

    A point p goes to `M (p + t - c) + c` with the translation t and the centre c in parts of `width - 1` and
    `height - 1`, and `M = scale * [[cos r - a m, sin r + a n], [m, n]]`, where `m = b cos r - sin r`,
    `n = b sin r + cos r`, r is the angle and a and b are the tangents of the shear angles.

    Args:
        boxes: `(N, 4)` or `(batch, N, 4)`; or a dict that holds them under "boxes".
        angle: in degrees, counterclockwise as one looks at the image.
        translate_x, translate_y: in parts of the image's size.
        scale: factor.
        shear_x, shear_y: in degrees.
        height, width: the image's size.
        center_x, center_y: the point that stays, in parts of the image's size; its middle when None.
        bounding_box_format: see `convert_format`.

        All but the format are numbers, or tensors of shape `(batch,)` with one for each image.

    Returns:
        A tensor of the shape of `boxes`, float32; or a dict with it.

    Raises:
        ShapeError: when the last axis does not have 4 entries. ValueError: for an unknown format.

    Example:
        >>> from kmb_core import utils
        >>> turned = utils.bounding_boxes.affine_transform([[0, 0, 2, 1]], 90, 0, 0, 1, 0, 0, 5, 5)
        >>> [round(float(x), 3) + 0.0 for x in turned[0]]
        [0.0, 2.0, 1.0, 4.0]
    """
    given = (angle, translate_x, translate_y, scale, shear_x, shear_y, height, width)

    def moved(corners: Tensor) -> Tensor:
        rank = len(static_shape(corners))
        *numbers, rows, columns = (_of_images(number, rank) for number in given)
        middle = [0.5 if part is None else _of_images(part, rank) for part in (center_x, center_y)]
        sides = (subtract(columns, 1), subtract(rows, 1))
        centre = [multiply(part, side) for part, side in zip(middle, sides, strict=True)]
        return mapped_corners(corners, _rows(numbers, sides, centre))

    return _through_corners(boxes, bounding_box_format, moved, "float32", height, width)


def mapped_corners(corners: Tensor, rows: Rows) -> Tensor:
    """The boxes around boxes whose points go from `(x, y)` to `(a x + b y + c, d x + e y + f)`.

    Args:
        corners: `(..., 4)`, "xyxy".
        rows: `((a, b, c), (d, e, f))`, numbers or tensors that broadcast against `corners`.
    """
    left, top, right, bottom = split(corners, 4, axis=-1)
    x, y = concatenate([left, right, left, right], -1), concatenate([top, top, bottom, bottom], -1)
    new = [add(add(multiply(x, a), multiply(y, b)), c) for a, b, c in rows]
    ends = [smallest(places, -1, keepdims=True) for places in new]
    return concatenate([*ends, *(largest(places, -1, keepdims=True) for places in new)], -1)


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Boxes as they lie in a part of the image; what is outside of it is cut off.

    Args:
        boxes: `(N, 4)` or `(batch, N, 4)`; or a dict that holds them under "boxes".
        top, left: where the part begins.
        height, width: the part's size.
        bounding_box_format: see `convert_format`; not a relative one.

        All but the format are numbers, or tensors of shape `(batch,)`.

    Returns:
        A tensor of the shape of `boxes`; or a dict with it. Boxes outside of the part keep no area.

    Raises:
        ShapeError: when the last axis does not have 4 entries. ValueError: for an unknown or a relative format.

    Example:
        >>> from kmb_core import utils
        >>> [int(x) for x in utils.bounding_boxes.crop([[10, 20, 50, 60]], top=10, left=20, height=40, width=30)[0]]
        [0, 10, 30, 40]
    """
    _check_absolute(bounding_box_format, "crop")

    def cropped(corners: Tensor) -> Tensor:
        return _clipped(_shifted(corners, left, top, subtract), height, width)

    return _through_corners(boxes, bounding_box_format, cropped)


def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Any:
    """Boxes as they lie in an image that got a border at the top and on the left.

    Args:
        boxes: `(N, 4)` or `(batch, N, 4)`; or a dict that holds them under "boxes".
        top, left: the border's widths; numbers, or tensors of shape `(batch,)`.
        height, width: not needed: there is nothing to cut off.
        bounding_box_format: see `convert_format`; not a relative one.

    Returns:
        A tensor of the shape of `boxes`; or a dict with it.

    Raises:
        ShapeError: when the last axis does not have 4 entries. ValueError: for an unknown or a relative format.

    Example:
        >>> from kmb_core import utils
        >>> [int(x) for x in utils.bounding_boxes.pad([[10, 20, 50, 60]], top=1, left=2)[0]]
        [12, 21, 52, 61]
    """
    _check_absolute(bounding_box_format, "pad")
    return _through_corners(boxes, bounding_box_format, lambda corners: _shifted(corners, left, top, add))


def clip_to_image_size(
    bounding_boxes: Mapping[str, Any], height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict[str, Any]:
    """Boxes cut off at the image's border; the labels of those that keep no area become -1.

    Args:
        bounding_boxes: a dict of "boxes", `(N, 4)` or `(batch, N, 4)`, and "labels", `(N,)` or `(batch, N)`.
        height, width: the image's size, needed for all but relative formats; numbers, or tensors of shape `(batch,)`.
        bounding_box_format: see `convert_format`.

    Returns:
        A dict like `bounding_boxes`.

    Raises:
        ShapeError: when the last axis does not have 4 entries. ValueError: for an unknown format, a missing size, or
            what is no dict of boxes.

    Example:
        >>> from kmb_core import utils
        >>> found = {"boxes": [[-5, 0, 4, 20], [30, 0, 40, 9]], "labels": [1, 2]}
        >>> clipped = utils.bounding_boxes.clip_to_image_size(found, height=10, width=20)
        >>> [int(x) for x in clipped["boxes"][0]], [int(x) for x in clipped["labels"]]
        ([0, 0, 4, 10], [1, -1])
    """
    name = checked_format(bounding_box_format)
    if not isinstance(bounding_boxes, Mapping):
        what = f"clip_to_image_size: expected a dict of 'boxes' and 'labels', got {type(bounding_boxes).__name__}"
        raise ValueError(message(what, None, "Boxes alone are cut off by ops.clip."))
    if is_relative(name):
        height = width = 1
    elif height is None or width is None:
        raise ValueError(f"clip_to_image_size: {name!r} needs height and width, got height={height}, width={width}")
    kept: list[Tensor] = []

    def clipped(corners: Tensor) -> Tensor:
        corners = _clipped(corners, height, width)
        kept.append(corners)
        return corners

    result = _through_corners(bounding_boxes, name.removeprefix("rel_"), clipped)
    if "labels" in result:
        result["labels"] = _without_lost(convert_to_tensor(result["labels"]), kept[0])
    return result


def _without_lost(labels: Tensor, corners: Tensor) -> Tensor:
    left, top, right, bottom = split(corners, 4, axis=-1)
    lost = logical_or(less_equal(right, left), less_equal(bottom, top))
    if len(static_shape(labels)) < len(static_shape(lost)):
        lost = squeeze(lost, -1)
    return where(lost, cast(-1, dtype_of(labels)), labels)


def _through_corners(
    boxes: Any,
    bounding_box_format: str,
    function: Callable[[Tensor], Tensor],
    dtype: str | None = None,
    height: Any = None,
    width: Any = None,
) -> Any:
    """Apply a function of corners in pixels to boxes in any format; without `dtype` integers stay integers."""
    name = checked_format(bounding_box_format)
    if isinstance(boxes, Mapping):
        changed = _through_corners(boxes_of(boxes), name, function, dtype, height, width)
        return {**boxes, "boxes": changed}
    boxes = checked_boxes(boxes)
    dtype = dtype or ("float32" if "center" in name else dtype_of(boxes))
    corners = function(convert_format(boxes, name, "xyxy", height, width, dtype))
    return convert_format(corners, "xyxy", name, height, width, dtype_of(corners))


def _check_absolute(bounding_box_format: str, function: str) -> None:
    if is_relative(checked_format(bounding_box_format)):
        what = f"bounding boxes: {function} expects pixels, got the format {bounding_box_format!r}"
        raise ValueError(message(what, "The image's size changes with it.", "Use convert_format before and after."))


def _of_images(value: Any, rank: int) -> Tensor:
    """As float32, one number for all boxes or one for each image's."""
    return cast(convert_to_tensor(per_image(value, rank, "float32")), "float32")


def _rows(numbers: list[Tensor], sides: tuple[Tensor, Tensor], centre: list[Tensor]) -> Rows:
    angle, translate_x, translate_y, scale, shear_x, shear_y = numbers
    turn, a, b = (multiply(degrees, math.pi / 180) for degrees in (angle, shear_x, shear_y))
    cosine, sine, a, b = cos(turn), sin(turn), tan(a), tan(b)
    m, n = subtract(multiply(b, cosine), sine), add(multiply(b, sine), cosine)
    upper = (subtract(cosine, multiply(a, m)), add(sine, multiply(a, n)))
    moved = [multiply(part, side) for part, side in zip((translate_x, translate_y), sides, strict=True)]
    start = [subtract(distance, stays) for distance, stays in zip(moved, centre, strict=True)]
    rows = []
    for (first, second), stays in zip((upper, (m, n)), centre, strict=True):
        first, second = multiply(first, scale), multiply(second, scale)
        offset = add(add(multiply(first, start[0]), multiply(second, start[1])), stays)
        rows.append((first, second, offset))
    return rows[0], rows[1]


def _shifted(corners: Tensor, x: Any, y: Any, change: Callable[[Any, Any], Tensor]) -> Tensor:
    dtype, rank = dtype_of(corners), len(static_shape(corners))
    columns = split(corners, 4, axis=-1)
    x, y = (cast(convert_to_tensor(per_image(distance, rank, dtype)), dtype) for distance in (x, y))
    return concatenate([change(place, by) for place, by in zip(columns, (x, y, x, y), strict=True)], -1)


def _clipped(corners: Tensor, height: Any, width: Any) -> Tensor:
    dtype, rank = dtype_of(corners), len(static_shape(corners))
    ends = [cast(convert_to_tensor(per_image(size, rank, dtype)), dtype) for size in (width, height)]
    columns = split(corners, 4, axis=-1)
    return concatenate([maximum(minimum(x, end), 0) for x, end in zip(columns, ends * 2, strict=True)], -1)
