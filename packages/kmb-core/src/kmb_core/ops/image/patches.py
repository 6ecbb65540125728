"""Cutting images and volumes into patches.

Patches that lie side by side are the same elements in another order, which is a reshape and a transpose (and all that a
vision transformer needs). Others are taken along one axis after the other, so every dtype stays exact.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, maximum, multiply
from kmb_core.ops.creation import arange
from kmb_core.ops.declaration import composite
from kmb_core.ops.image.layout import IMAGE, bordered
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.manipulation import expand_dims, moveaxis, reshape, transpose
from kmb_core.ops.nn import windows
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike

Sizes = int | Sequence[int]


@composite(saved_module=IMAGE)
def extract_patches(
    images: TensorLike,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The patches that a window sees while it moves over images or volumes.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis. Volumes have a depth in front of the height.
        size: of the window: an int or `(height, width)` for images, `(depth, height, width)` for volumes.
        strides: steps between windows; the window's size when None, so that patches lie side by side.
        dilation_rate: steps between the elements of a window.
        padding: "valid" for none, "same" for as many windows as strides fit in; padding is 0.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        `(batch, rows, columns, height * width * channels)` for windows of height * width, the channels of an element
        side by side; with "channels_first" the last axis is the second one. The dtype of `images`.

    Raises:
        ShapeError: when the window does not fit.

    Example:
        >>> from kmb_core import ops
        >>> image = ops.reshape(ops.arange(8, dtype="float32"), (2, 4, 1))
        >>> [float(v) for v in ops.image.extract_patches(image, 2)[0, 0]]
        [0.0, 1.0, 4.0, 5.0]
    """
    op = "ops.image.extract_patches"
    first = windows.chosen_format(data_format, op) == "channels_first"
    windows.check_padding(padding, op)
    rank = 2 if isinstance(size, int) else len(tuple(size))
    if rank not in (2, 3):
        raise ShapeError(f"{op}: size is an int, 2 numbers for images or 3 for volumes, got {size!r}")
    known = static_shape(images)
    if len(known) not in (rank + 1, rank + 2):
        what = f"{op}: a window of {rank} axes needs images with {rank + 1} or {rank + 2} axes, got shape {known}"
        raise ShapeError(message(what, "The axis of channels is missing, or volumes need a size of 3 numbers.", None))
    window = windows.per_axis(size, rank, "size", op)
    steps = window if strides is None else windows.per_axis(strides, rank, "strides", op)
    dilations = windows.per_axis(dilation_rate, rank, "dilation_rate", op)
    counts = _counts(_spatial(known, rank, first), window, steps, dilations, padding)
    if isinstance(images, KerasTensor):
        return rules.shaped(images, _shape(known, rank, first, counts, window))
    x = moveaxis(images, len(known) - rank - 1, -1) if first else images
    x = _bordered(x, window, steps, dilations) if padding == "same" else x
    patches = _cut(x, window, steps, dilations)
    return moveaxis(patches, -1, len(known) - rank - 1) if first else patches


def extract_patches_3d(
    volumes: TensorLike,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The patches that a window sees while it moves over volumes: `extract_patches` with three axes.

    Args:
        volumes: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
            "channels_first"; or one volume, without the batch axis.
        size: of the window: an int or `(depth, height, width)`.
        strides: steps between windows; the window's size when None, so that patches lie side by side.
        dilation_rate: steps between the elements of a window.
        padding: "valid" for none, "same" for as many windows as strides fit in; padding is 0.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        `(batch, layers, rows, columns, depth * height * width * channels)`, the channels of an element side by side;
        with "channels_first" the last axis is the second one. The dtype of `volumes`.

    Raises:
        ShapeError: when the window does not fit.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.image.extract_patches_3d(ops.ones((4, 4, 4, 2)), 2))
        (2, 2, 2, 16)
    """
    window = windows.per_axis(size, 3, "size", "ops.image.extract_patches_3d")
    return extract_patches(volumes, window, strides, dilation_rate, padding, data_format)


def _spatial(shape: Any, rank: int, first: bool) -> Any:
    return shape[len(shape) - rank :] if first else shape[len(shape) - rank - 1 : -1]


def _counts(sizes: Any, window: Any, steps: Any, dilations: Any, padding: str) -> list[int | None]:
    axes = zip(sizes, window, steps, dilations, strict=True)
    return [windows.window_count(*axis, padding, "ops.image.extract_patches") for axis in axes]


def _shape(known: Any, rank: int, first: bool, counts: list[int | None], window: tuple[int, ...]) -> tuple[Any, ...]:
    channels = known[len(known) - rank - 1] if first else known[-1]
    elements = None if channels is None else math.prod(window) * channels
    batch = known[: len(known) - rank - 1]
    return (*batch, elements, *counts) if first else (*batch, *counts, elements)


def _bordered(x: Tensor, window: Any, steps: Any, dilations: Any) -> Tensor:
    """With zeros around, the odd one behind."""
    rank, sizes = len(window), shape_of(x)
    around = {}
    for place, (width, step, dilation) in enumerate(zip(window, steps, dilations, strict=True)):
        axis = len(sizes) - rank - 1 + place
        total = (-(-sizes[axis] // step) - 1) * step + (width - 1) * dilation + 1 - sizes[axis]
        total = max(total, 0) if isinstance(total, int) else maximum(total, 0)
        around[axis] = (total // 2, total - total // 2)
    return bordered(x, around)


def _cut(x: Tensor, window: Any, steps: Any, dilations: Any) -> Tensor:
    """(..., *sizes, channels) → (..., *counts, elements)"""
    rank = len(window)
    lead = len(static_shape(x)) - rank - 1
    if tuple(steps) == tuple(window) and set(dilations) == {1}:
        x = _side_by_side(x, lead, window)
    else:
        for place, axis in enumerate(zip(window, steps, dilations, strict=True)):
            x = take(x, _places(shape_of(x)[lead + 2 * place], *axis), lead + 2 * place)
    order = [*range(lead), *(lead + 2 * i for i in range(rank)), *(lead + 2 * i + 1 for i in range(rank))]
    x = transpose(x, (*order, lead + 2 * rank))
    sizes = shape_of(x)
    return reshape(x, (*sizes[: lead + rank], math.prod(sizes[lead + rank :])))


def _side_by_side(x: Tensor, lead: int, window: Any) -> Tensor:
    """Each axis as two: number of the window, place in it. What is left at the end falls away."""
    sizes = shape_of(x)
    counts = [size // width for size, width in zip(sizes[lead:-1], window, strict=True)]
    whole = [slice(0, count * width) for count, width in zip(counts, window, strict=True)]
    if any(count * width is not size for count, width, size in zip(counts, window, sizes[lead:-1], strict=True)):
        x = get_item(x, (*[slice(None)] * lead, *whole))
    split = [number for pair in zip(counts, window, strict=True) for number in pair]
    return reshape(x, (*sizes[:lead], *split, sizes[-1]))


def _places(size: Any, width: int, step: int, dilation: int) -> Any:
    """(windows, width): where the elements of each window lie on an axis."""
    count = (size - (width - 1) * dilation - 1) // step + 1
    if isinstance(count, int):
        return (np.arange(count)[:, None] * step + np.arange(width) * dilation).astype("int32")
    starts = multiply(arange(count, dtype="int32"), step)
    return add(expand_dims(starts, 1), multiply(arange(width, dtype="int32"), dilation))
