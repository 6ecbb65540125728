"""Taking borders off images, and putting borders around them."""

from typing import Any

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.declaration import composite
from kmb_core.ops.image.layout import IMAGE, bordered, image_axes, of_sizes, replaced
from kmb_core.ops.indexing import get_item
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike


@composite(saved_module=IMAGE)
def crop_images(
    images: TensorLike,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images without a border. Of top, bottom and target height two are given, of left, right and target width too.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        top_cropping, bottom_cropping: how many rows to take off.
        left_cropping, right_cropping: how many columns to take off.
        target_height, target_width: size of the result.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Smaller images, in the same dtype.

    Raises:
        ShapeError: for another number of axes, for numbers that do not fit in the images, or when other than two
            numbers are given for an axis.

    Example:
        >>> from kmb_core import ops
        >>> ops.image.crop_images(ops.ones((5, 6, 1)), 1, 2, target_height=3, target_width=2).shape[0]
        3
    """
    op = "ops.image.crop_images"
    axes = image_axes(images, data_format, op)
    known = static_shape(images)
    vertical = _spans(known[axes.rows], top_cropping, bottom_cropping, target_height, _VERTICAL, "cropping", op)
    horizontal = _spans(known[axes.columns], left_cropping, right_cropping, target_width, _HORIZONTAL, "cropping", op)
    spans = {axes.rows: vertical, axes.columns: horizontal}
    if isinstance(images, KerasTensor):
        return rules.shaped(images, replaced(known, {axis: new for axis, (_, _, new) in spans.items()}))
    sizes = shape_of(images)
    key: list[Any] = [slice(None)] * len(known)
    for axis, (before, after, new) in spans.items():
        start = sizes[axis] - new - after if before is None else before
        key[axis] = slice(start, sizes[axis] - after if new is None else start + new)
    return of_sizes(get_item(images, tuple(key)), {axis: new for axis, (_, _, new) in spans.items()})


@composite(saved_module=IMAGE)
def pad_images(
    images: TensorLike,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images with a border of zeros. Of top, bottom and target height two are given, of left, right and width too.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        top_padding, bottom_padding: how many rows to add.
        left_padding, right_padding: how many columns to add.
        target_height, target_width: size of the result.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Larger images, in the same dtype.

    Raises:
        ShapeError: for another number of axes, for a target that is too small, or when other than two numbers are
            given for an axis.

    Example:
        >>> from kmb_core import ops
        >>> ops.image.pad_images(ops.ones((5, 6, 1)), 1, 2, target_height=8, target_width=9).shape[0]
        8
    """
    op = "ops.image.pad_images"
    axes = image_axes(images, data_format, op)
    known = static_shape(images)
    vertical = _spans(known[axes.rows], top_padding, bottom_padding, target_height, _VERTICAL, "padding", op)
    horizontal = _spans(known[axes.columns], left_padding, right_padding, target_width, _HORIZONTAL, "padding", op)
    spans = {axes.rows: vertical, axes.columns: horizontal}
    if isinstance(images, KerasTensor):
        return rules.shaped(images, replaced(known, {axis: new for axis, (_, _, new) in spans.items()}))
    sizes = shape_of(images)
    around = {}
    for axis, (before, after, new) in spans.items():
        first = new - sizes[axis] - after if before is None else before
        around[axis] = (first, new - sizes[axis] - first if after is None else after)
    return of_sizes(bordered(images, around), {axis: new for axis, (_, _, new) in spans.items()})


_VERTICAL = ("top", "bottom", "target_height")
_HORIZONTAL = ("left", "right", "target_width")

Span = tuple[int | None, int | None, int | None]  # before, after, new size; None where an unknown size decides


def _spans(
    size: int | None,
    before: int | None,
    after: int | None,
    new: int | None,
    names: tuple[str, str, str],
    kind: str,
    op: str,
) -> Span:
    """What two of the three numbers say about the third."""
    labels = (f"{names[0]}_{kind}", f"{names[1]}_{kind}", names[2])
    given = dict(zip(labels, (before, after, new), strict=True))
    if sum(number is not None for number in given.values()) != 2:
        shown = ", ".join(f"{label}={number}" for label, number in given.items())
        raise ShapeError(message(f"{op}: expected two of {', '.join(labels)}, got {shown}", "The third follows.", None))
    if size is not None:
        change = size if kind == "cropping" else -size  # before + after + new is the old size, or the other way round
        sign = 1 if kind == "cropping" else -1
        if new is None:
            new = size - sign * ((before or 0) + (after or 0))
        elif before is None:
            before = change - sign * new - (after or 0)
        else:
            after = change - sign * new - before
    for label, number in zip(labels, (before, after, new), strict=True):
        if number is not None and number < 0:
            what = f"{op}: {label} is {number}, with {', '.join(f'{k}={v}' for k, v in given.items())} and size {size}"
            raise ShapeError(message(what, "These numbers do not fit in the image.", None))
    return before, after, new
