"""How four numbers say where a box is, and one way of saying it turned into another.

Each format is led over the corners: left, top, right, bottom, in pixels or, in relative formats, in parts of the
image's width and height. Columns are picked and added rather than multiplied by a matrix: a product in reduced
precision, as accelerators have it, would move a box by whole pixels.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_float
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import add, multiply, subtract, true_divide
from kmb_core.ops.creation import cast, convert_to_tensor
from kmb_core.ops.manipulation import concatenate, reshape, split
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor

Columns = list[Tensor]  # four, each of the boxes' shape with 1 for the last axis

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: str | None = "float32"
) -> Any:
    """Boxes in another format.

    "xyxy" is left, top, right, bottom; "yxyx" top, left, bottom, right; "xywh" left, top, width, height; "center_xywh"
    the centre's x and y, width, height; "center_yxhw" the same with y and height first. With "rel_" before it (but
    for "center_yxhw") all is in parts of the image's width and height.

    Args:
        boxes: `(..., 4)`, or a dict that holds them under "boxes"; what else it holds is handed on.
        source, target: formats, in upper or lower case.
        height, width: the image's size, needed to go from relative to absolute numbers or back; numbers, or one for
            each image in tensors of shape `(batch,)`.
        dtype: of the result; that of `boxes` when None.

    Returns:
        A tensor of the shape of `boxes`, or a dict with it.

    Raises:
        ShapeError: when the last axis does not have 4 entries. ValueError: for an unknown format, or a missing size.

    Example:
        >>> from kmb_core import utils
        >>> [float(x) for x in utils.bounding_boxes.convert_format([10, 20, 30, 50], "xyxy", "xywh")]
        [10.0, 20.0, 20.0, 30.0]
    """
    source, target = checked_format(source, "source"), checked_format(target, "target")
    if isinstance(boxes, Mapping):
        return {**boxes, "boxes": convert_format(boxes_of(boxes), source, target, height, width, dtype)}
    boxes = checked_boxes(boxes)
    dtype = dtype or dtype_of(boxes)
    if source != target:
        working = dtype if is_float(dtype) else "float32"
        corners = _corners(split(cast(boxes, working), 4, axis=-1), source.removeprefix("rel_"))
        if is_relative(source) != is_relative(target):
            corners = _rescaled(corners, is_relative(target), _sizes(boxes, source, target, height, width, working))
        boxes = concatenate(_FROM_CORNERS[target.removeprefix("rel_")](*corners), axis=-1)
    return cast(boxes, dtype)


def checked_format(name: Any, argument: str = "bounding_box_format") -> str:
    """A format's name in lower case.

    Raises:
        ValueError: for a format that does not exist.
    """
    lower = name.lower() if isinstance(name, str) else name
    if lower not in FORMATS:
        raise ValueError(f"bounding boxes: {argument} is one of {', '.join(FORMATS)}; got {name!r}")
    return lower


def is_relative(name: str) -> bool:
    """Whether a format's numbers are parts of the image's size."""
    return name.startswith("rel_")


def boxes_of(given: Mapping[str, Any]) -> Any:
    """The boxes of a dict of boxes and what belongs to them.

    Raises:
        ValueError: when there are none.
    """
    if "boxes" not in given:
        raise ValueError(f"bounding boxes: expected a dict with the key 'boxes', got the keys {[*given]}")
    return given["boxes"]


def checked_boxes(boxes: Any) -> Tensor:
    """Boxes as a tensor.

    Raises:
        ShapeError: when the last axis does not have 4 entries.
    """
    boxes = convert_to_tensor(boxes)
    shape = tuple(static_shape(boxes))
    if not shape or shape[-1] not in (4, None):
        raise ShapeError(f"bounding boxes: expected shape (..., 4), got {shape}")
    return boxes


def per_image(value: Any, rank: int, dtype: str) -> Any:
    """One number for all, or one for each image in a shape that broadcasts against boxes with `rank` axes."""
    if isinstance(value, (int, float)):
        return value
    value = cast(convert_to_tensor(value), dtype)
    return reshape(value, (-1,) + (1,) * (rank - 1)) if len(static_shape(value)) == 1 else value


def _sizes(boxes: Tensor, source: str, target: str, height: Any, width: Any, dtype: str) -> tuple[Any, Any]:
    if height is None or width is None:
        what = f"bounding boxes: {source!r} to {target!r} needs height and width, got height={height}, width={width}"
        raise ValueError(message(what, "Relative numbers are parts of the image's size.", None))
    rank = len(static_shape(boxes))
    return per_image(height, rank, dtype), per_image(width, rank, dtype)


def _rescaled(corners: Columns, relative: bool, sizes: tuple[Any, Any]) -> Columns:
    change, (height, width) = true_divide if relative else multiply, sizes
    return [change(place, size) for place, size in zip(corners, (width, height, width, height), strict=True)]


def _corners(columns: Columns, source: str) -> Columns:
    """Left, top, right, bottom."""
    if source in ("yxyx", "center_yxhw"):
        columns = [columns[place] for place in (1, 0, 3, 2)]
    if source in ("xyxy", "yxyx"):
        return columns
    x, y, width, height = columns
    if source == "xywh":
        return [x, y, add(x, width), add(y, height)]
    half = [true_divide(width, 2), true_divide(height, 2)]
    return [subtract(x, half[0]), subtract(y, half[1]), add(x, half[0]), add(y, half[1])]


def _centred(left: Tensor, top: Tensor, right: Tensor, bottom: Tensor) -> Columns:
    middle = [true_divide(add(first, last), 2) for first, last in ((left, right), (top, bottom))]
    return [*middle, subtract(right, left), subtract(bottom, top)]


_FROM_CORNERS: dict[str, Callable[..., Columns]] = {
    "xyxy": lambda left, top, right, bottom: [left, top, right, bottom],
    "yxyx": lambda left, top, right, bottom: [top, left, bottom, right],
    "xywh": lambda left, top, right, bottom: [left, top, subtract(right, left), subtract(bottom, top)],
    "center_xywh": _centred,
    "center_yxhw": lambda *corners: [_centred(*corners)[place] for place in (1, 0, 3, 2)],
}
