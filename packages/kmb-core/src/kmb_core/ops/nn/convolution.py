"""Convolution (as in the field: correlation), depthwise and separable too, and pooling, over 1 to 3 spatial axes.

Padding "same" gives `ceil(size / stride)` windows. It needs `max((windows - 1) * stride + extent - size, 0)` more
elements, half of them in front and the odd one at the end, `extent` being `(window - 1) * dilation + 1`.
A backend gets strides, windows and dilations as users write them (an int or a sequence) and `data_format=None` for the
configured one.
"""

from collections.abc import Sequence

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.nn import windows
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape
from kmb_core.typing import Floating, Tensor, TensorLike

NN = "keras.src.ops.nn"

Sizes = int | Sequence[int]

KERNEL = "(*window, channels / groups, filters)"
DEPTHWISE = "(*window, channels, multiplier)"
POINTWISE = "(*ones, channels * multiplier, filters)"


@primitive(saved_module=NN)
def conv(
    inputs: Floating,
    kernel: Floating,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolution over 1, 2 or 3 spatial axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first".
        kernel: `(*window, channels / groups, filters)` in either case. There are as many groups as it takes for its
            channels to make up those of the inputs.
        strides: steps between windows.
        padding: "valid" for none, "same" for as many windows as strides fit in the input.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.

    Returns:
        Like `inputs`, with filters for channels, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not fit.

    Example:
        >>> from kmb_core import ops
        >>> tuple(ops.conv(ops.ones((1, 5, 5, 3)), ops.ones((3, 3, 3, 4)), strides=2, padding="same").shape)
        (1, 3, 3, 4)
    """
    shape = _convolved(inputs.shape, kernel.shape, strides, padding, data_format, dilation_rate, "ops.conv")
    return rules.shaped(inputs, shape)


@composite(saved_module=NN)
def biased_conv(
    inputs: Floating,
    kernel: Floating,
    bias: Floating,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """`conv`, plus a number for each filter.

    It is not part of Keras' public API: what a layer computes, in one call because frameworks have one kernel for it.

    Args:
        inputs, kernel, strides, padding, data_format, dilation_rate: as `conv` takes them.
        bias: `(filters,)`.

    Returns:
        Like `inputs`, with filters for channels, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not fit.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.nn.convolution import biased_conv
        >>> [float(v) for v in biased_conv(ops.ones((1, 1, 3)), ops.ones((1, 3, 2)), [0.5, 1.0])[0, 0]]
        [3.5, 4.0]
    """
    filters = kernel.shape[-1]
    if len(bias.shape) != 1 or (None not in (bias.shape[0], filters) and bias.shape[0] != filters):
        raise ShapeError(f"ops.biased_conv: expected a bias of shape ({filters},), got {tuple(bias.shape)}")
    outputs = conv(inputs, kernel, strides, padding, data_format, dilation_rate)
    if windows.chosen_format(data_format, "ops.biased_conv") == "channels_first":
        bias = reshape(bias, (-1, *[1] * (len(outputs.shape) - 2)))
    return outputs + bias


def _convolved(
    inputs: Shape,
    kernel: Shape,
    strides: Sizes,
    padding: str,
    data_format: str | None,
    dilation_rate: Sizes,
    where: str,
) -> Shape:
    """The shape of a convolution's outputs."""
    data_format = windows.chosen_format(data_format, where)
    windows.check_padding(padding, where)
    rank = windows.spatial_rank(inputs, where)
    spatial, channels = windows.split_channels(inputs, data_format)
    *window, group_channels, filters = windows.kernel_shape(inputs, kernel, KERNEL, where)
    _check_groups(channels, group_channels, filters, where)
    steps = windows.per_axis(strides, rank, "strides", where)
    dilations = windows.per_axis(dilation_rate, rank, "dilation_rate", where)
    axes = zip(spatial, window, steps, dilations, strict=True)
    counts = [windows.window_count(*axis, padding, where) for axis in axes]
    return windows.join_channels(inputs[0], counts, filters, data_format)


def _check_groups(channels: int | None, group_channels: int | None, filters: int | None, where: str) -> None:
    if channels is None or group_channels is None:
        return
    if not group_channels or channels % group_channels:
        what = f"{where}: {channels} channels do not divide into groups of {group_channels}, the kernel's channels"
        raise ShapeError(message(what, "The data format is another one, or the kernel is of another layer.", None))
    groups = channels // group_channels
    if filters is not None and groups and filters % groups:
        raise ShapeError(f"{where}: {filters} filters do not divide into {groups} groups")


@composite(saved_module=NN)
def depthwise_conv(
    inputs: Floating,
    kernel: Floating,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolution of each channel by itself: a grouped convolution of one channel to a group.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first"; 1 to 3 spatial
            axes.
        kernel: `(*window, channels, multiplier)` in either case: so many filters for each channel.
        strides: steps between windows; they may differ from axis to axis.
        padding: "valid" for none, "same" for as many windows as strides fit in the input.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.

    Returns:
        Like `inputs`, with `channels * multiplier` channels, those of one input channel side by side, in the promoted
        floating dtype.

    Raises:
        ShapeError: when the shapes do not fit.

    Example:
        >>> from kmb_core import ops
        >>> y = ops.depthwise_conv([[[1.0, 2.0], [3.0, 4.0]]], [[[1.0, 10.0], [0.0, 5.0]]])
        >>> [float(v) for v in ops.reshape(y, (-1,))]
        [1.0, 10.0, 0.0, 10.0, 3.0, 30.0, 0.0, 20.0]
    """
    shapes = static_shape(inputs), static_shape(kernel)
    shape, grouped = _depthwise(*shapes, strides, padding, data_format, dilation_rate, "ops.depthwise_conv")
    if isinstance(inputs, KerasTensor):
        return rules.shaped(inputs, shape)
    return conv(inputs, reshape(kernel, grouped), strides, padding, data_format, dilation_rate)


def _depthwise(
    inputs: Shape,
    kernel: Shape,
    strides: Sizes,
    padding: str,
    data_format: str | None,
    dilation_rate: Sizes,
    where: str,
) -> tuple[Shape, Shape]:
    """The shapes of the outputs, and of the kernel as that of a grouped convolution."""
    data_format = windows.chosen_format(data_format, where)
    windows.check_padding(padding, where)
    windows.spatial_rank(inputs, where)
    *window, depth, multiplier = windows.kernel_shape(inputs, kernel, DEPTHWISE, where)
    windows.check_depth(windows.split_channels(inputs, data_format)[1], depth, where)
    filters = None if depth is None or multiplier is None else depth * multiplier
    grouped = (*window, 1, filters)
    return _convolved(inputs, grouped, strides, padding, data_format, dilation_rate, where), grouped


@composite(saved_module=NN)
def separable_conv(
    inputs: Floating,
    depthwise_kernel: Floating,
    pointwise_kernel: Floating,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """A depthwise convolution, then a convolution of windows of one element that mixes the channels.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first"; 1 to 3 spatial
            axes.
        depthwise_kernel: `(*window, channels, multiplier)`.
        pointwise_kernel: `(*ones, channels * multiplier, filters)`.
        strides: steps between the windows of the depthwise convolution.
        padding: "valid" for none, "same" for as many windows as strides fit in the input.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.

    Returns:
        Like `inputs`, with filters for channels, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not fit.

    Source: Chollet, "Xception", 2017, section 2.

    Example:
        >>> from kmb_core import ops
        >>> x, depthwise = ops.ones((1, 5, 5, 3)), ops.ones((3, 3, 3, 2))
        >>> tuple(ops.separable_conv(x, depthwise, ops.ones((1, 1, 6, 4))).shape)
        (1, 3, 3, 4)
    """
    where = "ops.separable_conv"
    shapes = static_shape(inputs), static_shape(depthwise_kernel)
    shape, _ = _depthwise(*shapes, strides, padding, data_format, dilation_rate, where)
    filters = _check_pointwise(shape, static_shape(pointwise_kernel), data_format, where)
    if isinstance(inputs, KerasTensor):
        data_format = windows.chosen_format(data_format, where)
        spatial, _ = windows.split_channels(shape, data_format)
        return rules.shaped(inputs, windows.join_channels(shape[0], spatial, filters, data_format))
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


def _check_pointwise(deep: Shape, kernel: Shape, data_format: str | None, where: str) -> int | None:
    """The number of filters of a pointwise kernel for the outputs of a depthwise convolution."""
    *window, depth, filters = windows.kernel_shape(deep, kernel, POINTWISE, where)
    if any(size not in (1, None) for size in window):
        raise ShapeError(f"{where}: expected a pointwise kernel with a window of ones, got shape {kernel}")
    _, channels = windows.split_channels(deep, windows.chosen_format(data_format, where))
    windows.check_depth(channels, depth, where)
    return filters


@primitive(saved_module=NN)
def max_pool(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest element of each window.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first".
        pool_size: size of the window.
        strides: steps between windows; the window's size when None.
        padding: "valid" for none, "same" for as many windows as strides fit in the input. Padding is never the largest.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Like `inputs`, with fewer spatial elements, in the same dtype.

    Raises:
        ShapeError: when the window does not fit.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.reshape(ops.max_pool([[[1.0], [3.0], [2.0], [4.0]]], 2), (-1,))]
        [3.0, 4.0]
    """
    return _pooled(inputs, pool_size, strides, padding, data_format, "ops.max_pool")


@primitive(saved_module=NN)
def average_pool(
    inputs: Floating,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of each window; padding does not count.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first".
        pool_size: size of the window.
        strides: steps between windows; the window's size when None.
        padding: "valid" for none, "same" for as many windows as strides fit in the input.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Like `inputs`, with fewer spatial elements, in the floating dtype.

    Raises:
        ShapeError: when the window does not fit.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.reshape(ops.average_pool([[[1.0], [3.0], [2.0]]], 2, padding="same"), (-1,))]
        [2.0, 2.0]
    """
    return _pooled(inputs, pool_size, strides, padding, data_format, "ops.average_pool")


def _pooled(
    inputs: rules.Symbolic, pool_size: Sizes, strides: Sizes | None, padding: str, data_format: str | None, where: str
) -> Tensor:
    data_format = windows.chosen_format(data_format, where)
    windows.check_padding(padding, where)
    rank = windows.spatial_rank(inputs.shape, where)
    spatial, channels = windows.split_channels(inputs.shape, data_format)
    window = windows.per_axis(pool_size, rank, "pool_size", where)
    steps = windows.per_axis(window if strides is None else strides, rank, "strides", where)
    counts = [
        windows.window_count(size, width, step, 1, padding, where)
        for size, width, step in zip(spatial, window, steps, strict=True)
    ]
    return rules.shaped(inputs, windows.join_channels(inputs.shape[0], counts, channels, data_format))
