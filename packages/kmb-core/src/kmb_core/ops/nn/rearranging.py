"""Images taken apart and put together: sliding blocks as columns, and depth for space.

`unfold` is the "im2col" of convolutions and `fold` its transpose: where blocks overlap, elements are added up.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.creation import cast, zeros
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item, scatter_update
from kmb_core.ops.manipulation import pad, reshape, stack, transpose
from kmb_core.ops.nn import windows
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, product
from kmb_core.typing import Tensor, TensorLike

NN = "keras.src.ops.nn"

Two = int | Sequence[int]


@composite(saved_module=NN)
def unfold(x: TensorLike, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1) -> Tensor:
    """The sliding blocks of images, each as a column.

    Args:
        x: tensor of shape `(batch, channels, height, width)`, of any dtype.
        kernel_size: size of a block; an int or (height, width), as the following ones.
        dilation: steps between the elements of a block.
        padding: zeros that are put around the images, on each side.
        stride: steps between blocks.

    Returns:
        A tensor of shape `(batch, channels * kernel height * kernel width, blocks)`, in the dtype of x; blocks in the
        order of reading.

    Raises:
        ShapeError: for another number of axes, when no block fits, and for sizes that are not positive.

    Example:
        >>> from kmb_core import ops
        >>> x = ops.reshape(ops.arange(9), (1, 1, 3, 3))
        >>> [[int(v) for v in row] for row in ops.unfold(x, (2, 3))[0]]
        [[0, 3], [1, 4], [2, 5], [3, 6], [4, 7], [5, 8]]
    """
    _need_images(static_shape(x), "ops.unfold")
    kernel, dilations, borders, strides = sizes_of(kernel_size, dilation, padding, stride, "ops.unfold")
    batch, channels, *spatial = static_shape(x)
    counts = block_counts(spatial, kernel, dilations, borders, strides, "ops.unfold")
    depth = None if channels is None else channels * kernel[0] * kernel[1]
    if isinstance(x, KerasTensor):
        return rules.shaped(x, (batch, depth, product(counts)))
    if any(borders):
        x = pad(x, ((0, 0), (0, 0), *((border, border) for border in borders)))
    extents = [(k - 1) * d for k, d in zip(kernel, dilations, strict=True)]
    views = [get_item(x, _offset_key(at, extents, strides)) for at in offsets(kernel, dilations)]
    columns = stack(views, 2)
    found = shape_of(columns)
    return reshape(columns, (found[0], found[1] * found[2], found[3] * found[4]))


@composite(saved_module=NN)
def fold(
    x: TensorLike, output_size: Two, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1
) -> Tensor:
    """Images from their sliding blocks, which are added up where they overlap: the transpose of `unfold`.

    Args:
        x: tensor of shape `(batch, channels * kernel height * kernel width, blocks)`, of any dtype.
        output_size: height and width of the images; an int or (height, width), as the following ones.
        kernel_size: size of a block.
        dilation: steps between the elements of a block.
        padding: the border of the images that is left out, on each side.
        stride: steps between blocks.

    Returns:
        A tensor of shape `(batch, channels, *output_size)`, in the dtype of x; 0 where no block reaches.

    Raises:
        ShapeError: for another number of axes, when the columns do not divide into blocks, and when there are more or
            fewer of them than fit.

    Example:
        >>> from kmb_core import ops
        >>> x = ops.ones((1, 2, 3), "int32")
        >>> [[int(v) for v in row] for row in ops.fold(x, (1, 4), (1, 2))[0, 0]]
        [[1, 2, 2, 1]]
    """
    kernel, dilations, borders, strides = sizes_of(kernel_size, dilation, padding, stride, "ops.fold")
    height, width = output_sizes(output_size)
    counts = block_counts((height, width), kernel, dilations, borders, strides, "ops.fold")
    batch, depth, _ = folded_shape(static_shape(x), kernel, counts)
    channels = None if depth is None else depth // (kernel[0] * kernel[1])
    if isinstance(x, KerasTensor):
        return rules.shaped(x, (batch, channels, height, width))
    dtype = dtype_of(x)
    x = cast(x, "int32") if dtype == "bool" else x
    rows, columns = height + 2 * borders[0], width + 2 * borders[1]
    batch, depth, _ = shape_of(x)
    channels = depth // (kernel[0] * kernel[1])
    places = block_places(kernel, dilations, strides, counts, columns)
    updates = transpose(reshape(x, (batch * channels, places.size)))
    canvas = zeros((rows * columns, batch * channels), dtype_of(x))
    whole = transpose(scatter_update(canvas, places.reshape(-1, 1), updates, "add"))
    whole = reshape(whole, (batch, channels, rows, columns))
    inside = (slice(border, border + size) for border, size in zip(borders, (height, width), strict=True))
    return cast(get_item(whole, (slice(None), slice(None), *inside)), dtype)


@composite(saved_module=NN)
def depth_to_space(x: TensorLike, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """Channels rearranged into blocks of pixels: the inverse of `space_to_depth`.

    Args:
        x: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; any dtype.
            The channels of a pixel that become pixels of a block stand, for "channels_last", as (row, column, channel),
            for "channels_first" as (channel, row, column).
        block_size: height and width of a block, 2 at least.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Like x, height and width times `block_size`, channels divided by its square.

    Raises:
        ShapeError: for another number of axes, a block size below 2, and channels that do not divide.

    Example:
        >>> from kmb_core import ops
        >>> x = ops.reshape(ops.arange(4), (1, 1, 1, 4))
        >>> [[int(v) for v in row] for row in ops.depth_to_space(x, 2)[0, :, :, 0]]
        [[0, 1], [2, 3]]
    """
    data_format, block = _arguments(x, block_size, data_format, "ops.depth_to_space")
    (height, width), channels = windows.split_channels(static_shape(x), data_format)
    if channels is not None and channels % block**2:
        what = f"ops.depth_to_space: {channels} channels do not divide by block_size squared, {block**2}"
        raise ShapeError(message(what, "The data format is another one, or the block size.", None))
    if isinstance(x, KerasTensor):
        grown = [None if size is None else size * block for size in (height, width)]
        fewer = None if channels is None else channels // block**2
        return rules.shaped(x, windows.join_channels(x.shape[0], grown, fewer, data_format))
    (height, width), channels = windows.split_channels(shape_of(x), data_format)
    batch, fewer = shape_of(x)[0], channels // block**2
    if data_format == "channels_last":
        x = transpose(reshape(x, (batch, height, width, block, block, fewer)), (0, 1, 3, 2, 4, 5))
    else:
        x = transpose(reshape(x, (batch, fewer, block, block, height, width)), (0, 1, 4, 2, 5, 3))
    return reshape(x, windows.join_channels(batch, (height * block, width * block), fewer, data_format))


@composite(saved_module=NN)
def space_to_depth(x: TensorLike, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """Blocks of pixels rearranged into channels: the inverse of `depth_to_space`.

    Args:
        x: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; any dtype.
        block_size: height and width of a block, 2 at least.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Like x, height and width divided by `block_size`, channels times its square. They stand, for "channels_last",
        as (row, column, channel), for "channels_first" as (channel, row, column).

    Raises:
        ShapeError: for another number of axes, a block size below 2, and height or width that do not divide.

    Example:
        >>> from kmb_core import ops
        >>> x = ops.reshape(ops.arange(4), (1, 2, 2, 1))
        >>> [int(v) for v in ops.space_to_depth(x, 2)[0, 0, 0]]
        [0, 1, 2, 3]
    """
    data_format, block = _arguments(x, block_size, data_format, "ops.space_to_depth")
    spatial, channels = windows.split_channels(static_shape(x), data_format)
    if any(size is not None and size % block for size in spatial):
        raise ShapeError(f"ops.space_to_depth: height and width {spatial} do not divide by block_size={block}")
    if isinstance(x, KerasTensor):
        fewer = [None if size is None else size // block for size in spatial]
        more = None if channels is None else channels * block**2
        return rules.shaped(x, windows.join_channels(x.shape[0], fewer, more, data_format))
    spatial, channels = windows.split_channels(shape_of(x), data_format)
    batch, height, width = shape_of(x)[0], spatial[0] // block, spatial[1] // block
    if data_format == "channels_last":
        x = transpose(reshape(x, (batch, height, block, width, block, channels)), (0, 1, 3, 2, 4, 5))
    else:
        x = transpose(reshape(x, (batch, channels, height, block, width, block)), (0, 1, 3, 5, 2, 4))
    return reshape(x, windows.join_channels(batch, (height, width), channels * block**2, data_format))


# Blocks ----------------------------------------------------------------------------------------------------------


def sizes_of(kernel_size: Two, dilation: Two, padding: Two, stride: Two, where: str) -> list[tuple[int, ...]]:
    """Kernel, dilations, borders and strides of both axes.

    Raises:
        ShapeError: for another count, or for numbers that are not positive (of the padding: negative).
    """
    return [
        windows.per_axis(kernel_size, 2, "kernel_size", where),
        windows.per_axis(dilation, 2, "dilation", where),
        windows.per_axis(padding, 2, "padding", where, least=0),
        windows.per_axis(stride, 2, "stride", where),
    ]


def output_sizes(output_size: Two) -> tuple[int, ...]:
    """Height and width of the images that `fold` makes."""
    return windows.per_axis(output_size, 2, "output_size", "ops.fold")


def block_counts(
    spatial: Sequence[int | None],
    kernel: Sequence[int],
    dilations: Sequence[int],
    borders: Sequence[int],
    strides: Sequence[int],
    where: str,
) -> list[int | None]:
    """How many blocks there are along each axis; None where its size is unknown."""
    padded = [None if n is None else n + 2 * border for n, border in zip(spatial, borders, strict=True)]
    axes = zip(padded, kernel, strides, dilations, strict=True)
    return [windows.window_count(*axis, "valid", where) for axis in axes]


def folded_shape(shape: Shape, kernel: Sequence[int], counts: Sequence[int | None]) -> Shape:
    """The shape of columns, checked against the blocks.

    Raises:
        ShapeError: when it is not that of as many blocks.
    """
    if len(shape) != 3:
        raise ShapeError(f"ops.fold: expected columns of shape (batch, channels * kernel, blocks), got shape {shape}")
    depth, blocks = shape[1:]
    if depth is not None and depth % (kernel[0] * kernel[1]):
        raise ShapeError(f"ops.fold: columns of {depth} do not divide into blocks of {kernel[0]} x {kernel[1]}")
    if blocks is not None and blocks != product(counts):
        raise ShapeError(f"ops.fold: expected {counts[0]} x {counts[1]} blocks for this output_size, got {blocks}")
    return shape


def offsets(kernel: Sequence[int], dilations: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where the elements of a block lie, in the order of reading."""
    return itertools.product(*(range(0, k * d, d) for k, d in zip(kernel, dilations, strict=True)))


def _offset_key(at: Sequence[int], extents: Sequence[int], strides: Sequence[int]) -> tuple[slice, ...]:
    """The part of an image that one element of all blocks takes."""
    ends = (first - extent or None for first, extent in zip(at, extents, strict=True))  # counted from the end
    return (slice(None), slice(None), *map(slice, at, ends, strides))


def block_places(
    kernel: Sequence[int], dilations: Sequence[int], strides: Sequence[int], counts: Sequence[int], width: int
) -> np.ndarray:
    """The place in a flat image of each element of each block, in the order of the columns."""
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(count) * s
        for k, d, s, count in zip(kernel, dilations, strides, counts, strict=True)
    )
    return (rows[:, None, :, None] * width + columns[None, :, None, :]).astype("int32")


def _need_images(shape: Shape, where: str) -> None:
    if len(shape) != 4:
        what = f"{where}: expected images of 4 axes, got shape {shape}"
        raise ShapeError(message(what, "The batch axis or the channels are missing.", "See ops.expand_dims."))


def _arguments(x: Tensor, block_size: int, data_format: str | None, where: str) -> tuple[str, int]:
    data_format = windows.chosen_format(data_format, where)
    _need_images(static_shape(x), where)
    if not isinstance(block_size, int) or block_size < 2:
        raise ShapeError(f"{where}: block_size is an int of 2 or more, got {block_size!r}")
    return data_format, block_size
