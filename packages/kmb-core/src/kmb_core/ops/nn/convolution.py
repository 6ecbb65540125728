"""Convolution (as in the field: correlation) and pooling over 1 to 3 spatial axes.

Padding "same" gives `ceil(size / stride)` windows. It needs `max((windows - 1) * stride + extent - size, 0)` more
elements, half of them in front and the odd one at the end, `extent` being `(window - 1) * dilation + 1`.
A backend gets strides, windows and dilations as users write them (an int or a sequence) and `data_format=None` for the
configured one.
"""

from collections.abc import Sequence

from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.declaration import primitive
from kmb_core.ops.nn import windows
from kmb_core.settings import standardize_data_format
from kmb_core.typing import Floating, Tensor, TensorLike

NN = "keras.src.ops.nn"

Sizes = int | Sequence[int]


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
    data_format = standardize_data_format(data_format)
    windows.check_choices(padding, data_format, "ops.conv")
    rank = windows.spatial_rank(inputs.shape, "ops.conv")
    spatial, channels = windows.split_channels(inputs.shape, data_format)
    *window, group_channels, filters = _kernel_shape(inputs.shape, kernel.shape, rank)
    _check_groups(channels, group_channels, filters)
    strides = windows.per_axis(strides, rank, "strides", "ops.conv")
    dilations = windows.per_axis(dilation_rate, rank, "dilation_rate", "ops.conv")
    axes = zip(spatial, window, strides, dilations, strict=True)
    counts = [windows.window_count(*axis, padding, "ops.conv") for axis in axes]
    return rules.shaped(inputs, windows.join_channels(inputs.shape[0], counts, filters, data_format))


def _kernel_shape(inputs: tuple[int | None, ...], kernel: tuple[int | None, ...], rank: int) -> tuple[int, ...]:
    if len(kernel) != rank + 2:
        what = f"ops.conv: expected a kernel of {rank + 2} axes for inputs of shape {inputs}, got shape {kernel}"
        raise ShapeError(message(what, "A kernel is (*window, channels / groups, filters).", None))
    return kernel  # type: ignore[return-value]  # the sizes of a kernel are known


def _check_groups(channels: int | None, group_channels: int | None, filters: int | None) -> None:
    if channels is None or not group_channels:
        return
    if channels % group_channels:
        what = f"ops.conv: {channels} channels do not divide into groups of {group_channels}, the kernel's channels"
        raise ShapeError(message(what, "The data format is another one, or the kernel is of another layer.", None))
    groups = channels // group_channels
    if filters is not None and filters % groups:
        raise ShapeError(f"ops.conv: {filters} filters do not divide into {groups} groups")


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
    data_format = standardize_data_format(data_format)
    windows.check_choices(padding, data_format, where)
    rank = windows.spatial_rank(inputs.shape, where)
    spatial, channels = windows.split_channels(inputs.shape, data_format)
    window = windows.per_axis(pool_size, rank, "pool_size", where)
    steps = windows.per_axis(window if strides is None else strides, rank, "strides", where)
    counts = [
        windows.window_count(size, width, step, 1, padding, where)
        for size, width, step in zip(spatial, window, steps, strict=True)
    ]
    return rules.shaped(inputs, windows.join_channels(inputs.shape[0], counts, channels, data_format))
