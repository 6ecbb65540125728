"""Adaptive pooling: so many windows that the outputs have a given size, whatever the size of the inputs.

Along an axis of `size` elements, window `i` of `count` reaches from `floor(i * size / count)` up to, but without,
`ceil((i + 1) * size / count)`: windows overlap where they do not divide the axis, and none is empty. Maxima and means
of boxes are taken along one axis after the other, for all elements of a box have the same weight.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.comparison import where
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.nn import windows
from kmb_core.ops.nn.convolution import NN
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.reduction import max, mean, sum
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape
from kmb_core.typing import Floating, Tensor, TensorLike

Sizes = int | Sequence[int]


@composite(saved_module=NN)
def adaptive_average_pool(inputs: Floating, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The mean of each of so many windows as the outputs have elements.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first"; 1 to 3 spatial
            axes.
        output_size: the number of windows along each spatial axis, or one number for all.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Like `inputs`, with `output_size` spatial elements, in the floating dtype. Window `i` of `count` reaches from
        `floor(i * size / count)` up to, but without, `ceil((i + 1) * size / count)`.

    Raises:
        ShapeError: for another number of axes, or an axis without elements.

    Example:
        >>> from kmb_core import ops
        >>> y = ops.adaptive_average_pool([[[1.0], [3.0], [5.0]]], 2)
        >>> [float(v) for v in ops.reshape(y, (-1,))]
        [2.0, 4.0]
    """
    shape, axes = _windows(static_shape(inputs), output_size, data_format, "ops.adaptive_average_pool")
    if isinstance(inputs, KerasTensor):
        return rules.shaped(inputs, shape)
    dtype = dtype_of(inputs)
    return narrowed(_along_axes(_means, widened(inputs, dtype), axes), dtype)


@composite(saved_module=NN)
def adaptive_max_pool(inputs: TensorLike, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The largest element of each of so many windows as the outputs have elements.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first"; 1 to 3 spatial
            axes.
        output_size: the number of windows along each spatial axis, or one number for all.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Like `inputs`, with `output_size` spatial elements, in the same dtype. Window `i` of `count` reaches from
        `floor(i * size / count)` up to, but without, `ceil((i + 1) * size / count)`.

    Raises:
        ShapeError: for another number of axes, or an axis without elements.

    Example:
        >>> from kmb_core import ops
        >>> y = ops.adaptive_max_pool([[[1.0], [3.0], [5.0]]], 2)
        >>> [float(v) for v in ops.reshape(y, (-1,))]
        [3.0, 5.0]
    """
    shape, axes = _windows(static_shape(inputs), output_size, data_format, "ops.adaptive_max_pool")
    if isinstance(inputs, KerasTensor):
        return rules.shaped(inputs, shape)
    return _along_axes(_maxima, inputs, axes)


def _windows(
    inputs: Shape, output_size: Sizes, data_format: str | None, where: str
) -> tuple[Shape, list[tuple[int, int]]]:
    """The shape of the outputs, and each spatial axis with its number of windows."""
    data_format = windows.chosen_format(data_format, where)
    rank = windows.spatial_rank(inputs, where)
    counts = windows.per_axis(output_size, rank, "output_size", where)
    spatial, channels = windows.split_channels(inputs, data_format)
    if 0 in spatial:
        what = f"{where}: an axis without elements has no windows, got shape {inputs}"
        raise ShapeError(message(what, "Layers before have made the inputs too small.", None))
    first = 2 if data_format == "channels_first" else 1
    return windows.join_channels(inputs[0], counts, channels, data_format), list(enumerate(counts, first))


def _along_axes(pool: Callable[[Any, int, int], Any], x: Tensor, axes: list[tuple[int, int]]) -> Tensor:
    for axis, count in axes:
        if shape_of(x)[axis] != count:
            x = pool(x, axis, count)
    return x


def _means(x: Tensor, axis: int, count: int) -> Tensor:
    sizes = shape_of(x)
    if sizes[axis] % count == 0:
        return mean(_divided(x, sizes, axis, count), axis + 1)
    indices, present = _places(sizes[axis], count)
    beside = (*present.shape, *(1,) * (len(sizes) - axis - 1))
    gathered = where(present.reshape(beside), take(x, indices, axis), 0)  # no 0 * inf, which is NaN
    shares = (1 / present.sum(1)).reshape(count, *beside[2:])
    return multiply(sum(gathered, axis + 1), shares.astype(dtype_of(x)))


def _maxima(x: Tensor, axis: int, count: int) -> Tensor:
    sizes = shape_of(x)
    if sizes[axis] % count == 0:
        return max(_divided(x, sizes, axis, count), axis + 1)
    indices, _ = _places(sizes[axis], count)
    return max(take(x, indices, axis), axis + 1)


def _divided(x: Tensor, sizes: Sequence[int], axis: int, count: int) -> Tensor:
    """An axis as windows that do not overlap: `(count, width)` in its place."""
    return reshape(x, (*sizes[:axis], count, sizes[axis] // count, *sizes[axis + 1 :]))


def _places(size: int, count: int) -> tuple[Any, Any]:
    """Indices `(count, width)` of the elements of each window, and which of them belong to it.

    Shorter windows name their last element again.
    """
    starts = np.arange(count) * size // count
    ends = -(-np.arange(1, count + 1) * size // count)
    indices = starts[:, None] + np.arange((ends - starts).max())
    return np.minimum(indices, ends[:, None] - 1).astype("int32"), indices < ends[:, None]
