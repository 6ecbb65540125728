"""The part of an image that becomes the result, or, with a border, more than the image."""

from typing import Any, NamedTuple

from kmb_core.errors import ShapeError
from kmb_core.ops.arithmetic import maximum, minimum, multiply, subtract, true_divide
from kmb_core.ops.comparison import greater_equal, logical_and, where
from kmb_core.ops.creation import cast
from kmb_core.ops.image.resizing import resize
from kmb_core.ops.indexing import get_item
from kmb_core.ops.indexing import slice as sliced
from kmb_core.ops.manipulation import concatenate, split
from kmb_core.ops.tensors import shape as shape_of


class Frame(NamedTuple):
    """Where it begins and how large it is, in pixels; numbers, or tensors where a graph does not know sizes."""

    top: Any
    left: Any
    height: Any
    width: Any


def largest_frame(rows: Any, columns: Any, height: int, width: int) -> Frame:
    """The largest window of the aspect ratio of the result, from the middle, as `ops.image.resize` cuts it."""
    kept_rows = _most(_least(rows, columns * height // width), 1)
    kept_columns = _most(_least(columns, rows * width // height), 1)
    return Frame((rows - kept_rows) // 2, (columns - kept_columns) // 2, kept_rows, kept_columns)


def bordered_frame(rows: Any, columns: Any, height: int, width: int) -> Frame:
    """The image with a border that gives it the aspect ratio of the result, as `ops.image.resize` adds it."""
    above = (_most(rows, columns * height // width) - rows) // 2
    beside = (_most(columns, rows * width // height) - columns) // 2
    return Frame(-above, -beside, rows + 2 * above, columns + 2 * beside)


def exact_frame(rows: Any, columns: Any, height: int, width: int, start: Any = None) -> Frame:
    """A window of the result's size, from the middle or from `start`; of its aspect ratio where the image is smaller.

    Args:
        rows, columns: the image's size.
        height, width: the result's size.
        start: top and left; the middle when None.
    """
    smaller = largest_frame(rows, columns, height, width)
    top, left = ((rows - height) // 2, (columns - width) // 2) if start is None else start
    if isinstance(rows, int) and isinstance(columns, int):
        if rows >= height and columns >= width:
            return Frame(top, left, height, width)
        return smaller if start is None else Frame(top, left, smaller.height, smaller.width)
    fits = logical_and(greater_equal(rows, height), greater_equal(columns, width))
    frame = Frame(top, left, height, width)
    instead = smaller if start is None else Frame(top, left, smaller.height, smaller.width)
    return Frame(*(where(fits, cast(x, "int32"), cast(y, "int32")) for x, y in zip(frame, instead, strict=True)))


def framed(images: Any, axes: tuple[int, int], frame: Frame, size: tuple[int, int], **options: Any) -> Any:
    """The part of images within a frame, in another size; `options` are those of `ops.image.resize`."""
    sizes = [*shape_of(images)]
    if all(isinstance(n, int) for n in frame[2:]) and tuple(frame[2:]) == tuple(size):
        starts: list[Any] = [0] * len(sizes)
        for axis, start, length in zip(axes, frame[:2], size, strict=True):
            starts[axis], sizes[axis] = start, length
        return sliced(images, starts, tuple(sizes))
    key: list[Any] = [slice(None)] * len(sizes)
    for axis, start, length in zip(axes, frame[:2], frame[2:], strict=True):
        key[axis] = slice(start, start + length)
    return resize(get_item(images, tuple(key)), size, **options)


def through(corners: Any, frame: Frame, size: tuple[int, int], dtype: str) -> Any:
    """Corners of boxes in the image as they lie in what the frame becomes."""
    top, left, height, width = (float(x) if isinstance(x, int) else cast(x, dtype) for x in frame)
    x1, y1, x2, y2 = split(corners, 4, axis=-1)
    across, down = true_divide(size[1], width), true_divide(size[0], height)
    new = [multiply(subtract(x, left), across) for x in (x1, x2)], [multiply(subtract(y, top), down) for y in (y1, y2)]
    return concatenate([new[0][0], new[1][0], new[0][1], new[1][1]], -1)


def image_size(height: Any, width: Any, where: str) -> tuple[int, int]:
    """The size of a result.

    Raises:
        ShapeError: unless both are positive integers.
    """
    if any(isinstance(n, bool) or not hasattr(n, "__index__") or n < 1 for n in (height, width)):
        raise ShapeError(f"{where}: height and width are positive integers, got height={height!r}, width={width!r}")
    return int(height), int(width)


def _least(first: Any, second: Any) -> Any:
    return min(first, second) if isinstance(first, int) and isinstance(second, int) else minimum(first, second)


def _most(first: Any, second: Any) -> Any:
    return max(first, second) if isinstance(first, int) and isinstance(second, int) else maximum(first, second)
