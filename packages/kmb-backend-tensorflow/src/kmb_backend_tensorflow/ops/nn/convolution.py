"""Convolution, depthwise too, and pooling, in 1 to 3 dimensions, channels last or first.

TensorFlow's CPU kernels take channels-last data, so channels-first data is transposed around them. "same" padding is
TensorFlow's own: what is odd is added at the end. One-dimensional data gets a second axis of size 1.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import cast
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_order, as_shape, dynamic_shape
from kmb_core.settings import standardize_data_format

_expand, _squeeze, _transpose = raw_op("ExpandDims"), raw_op("Squeeze"), raw_op("Transpose")
_reshape = raw_op("Reshape")
_conv2d, _conv3d = raw_op("Conv2D"), raw_op("Conv3D")
_depthwise2d = raw_op("DepthwiseConv2dNative")
_conv2d_backwards, _conv3d_backwards = raw_op("Conv2DBackpropInput"), raw_op("Conv3DBackpropInputV2")
_max2d, _max3d = raw_op("MaxPool"), raw_op("MaxPool3D")
_average2d, _average3d = raw_op("AvgPool"), raw_op("AvgPool3D")


def per_axis(value: Any, count: int, what: str, least: int = 1) -> list[int]:
    """One number for each spatial axis."""
    sizes = [value] * count if isinstance(value, int) else list(value)
    if len(sizes) != count or min(sizes) < least:
        raise ValueError(f"{what}: expected an int or {count} of them, got {value!r}")
    return sizes


def raw_padding(padding: str, what: str) -> str:
    """The padding as TensorFlow spells it."""
    if padding not in ("valid", "same"):
        raise ValueError(f'{what}: padding is "valid" or "same", got {padding!r}')
    return padding.upper()


def in_channels_last(function: Callable[..., Any], x: Any, data_format: str) -> Any:
    """Call with the channels at the end, wherever they are in x."""
    if data_format == "channels_last":
        return function(x)
    count = len(x.shape)
    result = function(_transpose(x, as_order((0, *range(2, count), 1))))
    return _transpose(result, as_order((0, count - 1, *range(1, count - 1))))


# Convolution -----------------------------------------------------------------------------------------------------


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution with a kernel (*window, channels of one group, filters)."""
    count = len(inputs.shape) - 2
    strides = per_axis(strides, count, "ops.conv: strides")
    dilations = per_axis(dilation_rate, count, "ops.conv: dilation_rate")
    padding = raw_padding(padding, "ops.conv")

    def convolved(x: Any) -> Any:
        if any(_too_large(x, kernel, i, padding, dilations) for i in range(count)):
            raise ValueError("the window is longer than the inputs")  # the core says it in its own words
        if 0 in x.shape:
            return _nothing(x, kernel, strides, padding, dilations)
        return _convolve(x, kernel, strides, padding, dilations)

    return in_channels_last(convolved, inputs, standardize_data_format(data_format))


def _reach(kernel: Any, axis: int, dilations: list[int]) -> int:
    return (kernel.shape[axis] - 1) * dilations[axis] + 1


def _too_large(x: Any, kernel: Any, axis: int, padding: str, dilations: list[int]) -> bool:
    size = x.shape[axis + 1]
    return padding == "VALID" and size is not None and size < _reach(kernel, axis, dilations)


def _nothing(x: Any, kernel: Any, strides: list[int], padding: str, dilations: list[int]) -> Any:
    """A result without elements; TensorFlow's fast CPU kernels (oneDNN) give it a wrong shape."""
    if len(kernel.shape) != len(x.shape) or not kernel.shape[-2] or x.shape[-1] % kernel.shape[-2]:
        raise ValueError("the kernel does not fit")  # the core says it in its own words
    margins = [_reach(kernel, i, dilations) - 1 if padding == "VALID" else 0 for i in range(len(strides))]
    spatial = [max(0, -(-(x.shape[i + 1] - m) // s)) for i, (m, s) in enumerate(zip(margins, strides, strict=True))]
    return tf.zeros([x.shape[0], *spatial, kernel.shape[-1]], x.dtype)


def _convolve(x: Any, kernel: Any, strides: list[int], padding: str, dilations: list[int]) -> Any:
    if len(strides) == 1:
        wide = _convolve(_expand(x, 1), _expand(kernel, 0), [1, *strides], padding, [1, *dilations])
        return _squeeze(wide, [1])
    grouped, dilated = x.shape[-1] != kernel.shape[-2], max(dilations) > 1
    if dilated and not has_gradient(x.dtype, len(strides), False, True):
        kernel, dilations = spread(kernel, dilations), [1] * len(strides)
    if grouped and not has_gradient(x.dtype, len(strides), True, False):
        groups = x.shape[-1] // kernel.shape[-2]
        pairs = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
        return tf.concat([_convolve(*pair, strides, padding, dilations) for pair in pairs], -1)
    function = _conv2d if len(strides) == 2 else _conv3d
    return function(x, kernel, [1, *strides, 1], padding, dilations=[1, *dilations, 1])


@cache
def has_gradient(dtype: tf.DType, count: int, grouped: bool, dilated: bool) -> bool:
    """Whether this machine differentiates such convolutions; CPUs do for some dtypes, which no list tells."""
    kernel = [3] * count + [1 if grouped else 2, 2]
    rates = [1, *([2 if dilated else 1] * count), 1]
    with tf.init_scope():
        try:
            x = tf.ones([1] + [5] * count + [2], dtype)
            backwards = _conv2d_backwards if count == 2 else _conv3d_backwards
            backwards(x.shape.as_list(), tf.ones(kernel, dtype), x, [1] * (count + 2), "SAME", dilations=rates)
        except tf.errors.OpError:
            return False
    return True


def spread(kernel: Any, dilations: list[int]) -> Any:
    """A dilated kernel, with zeros between its elements."""
    for axis, rate in enumerate(dilations):
        if rate > 1:
            slices = tf.unstack(kernel, axis=axis)
            blank = tf.zeros_like(slices[0])
            spread = [part for item in slices[:-1] for part in (item, *[blank] * (rate - 1))]
            kernel = tf.stack([*spread, slices[-1]], axis=axis)
    return kernel


# Depthwise convolution -------------------------------------------------------------------------------------------


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution of each channel by itself, with a kernel (*window, channels, multiplier)."""
    count = len(inputs.shape) - 2
    strides = per_axis(strides, count, "ops.depthwise_conv: strides")
    dilations = per_axis(dilation_rate, count, "ops.depthwise_conv: dilation_rate")
    padding = raw_padding(padding, "ops.depthwise_conv")

    def convolved(x: Any) -> Any:
        *window, channels, multiplier = kernel.shape
        if len(window) != count or channels != x.shape[-1]:
            raise ValueError("the kernel is for other inputs")  # the core says it in its own words
        if any(_too_large(x, kernel, i, padding, dilations) for i in range(count)):
            raise ValueError("the window is longer than the inputs")
        grouped = _reshape(kernel, as_shape((*window, 1, channels * multiplier)))
        if 0 in x.shape:
            return _nothing(x, grouped, strides, padding, dilations)
        if count == 3:
            return _convolve(x, grouped, strides, padding, dilations)
        return _depthwise(x, kernel, strides, padding, dilations)

    return in_channels_last(convolved, inputs, standardize_data_format(data_format))


def _depthwise(x: Any, kernel: Any, strides: list[int], padding: str, dilations: list[int]) -> Any:
    """TensorFlow's kernel, which goes by the same stride along both axes and does not dilate."""
    kernel = spread(kernel, dilations)
    if len(strides) == 1:
        # A window of one element along an axis of one element: any stride gives one element.
        wide = _depthwise2d(_expand(x, 1), _expand(kernel, 0), [1, *strides, *strides, 1], padding)
        return _squeeze(wide, [1])
    common = math.gcd(*strides)
    if padding == "SAME" and strides[0] != strides[1]:
        x, padding = tf.pad(x, [[0, 0], *_same_margins(x, kernel, strides), [0, 0]]), "VALID"
    y = _depthwise2d(x, kernel, [1, common, common, 1], padding)
    if strides[0] == strides[1]:
        return y
    return y[:, :: strides[0] // common, :: strides[1] // common]


def _same_margins(x: Any, kernel: Any, strides: list[int]) -> list[list[Any]]:
    """What "same" adds in front of and behind each spatial axis; sizes may be known to the running graph only."""
    margins = []
    for size, width, stride in zip(dynamic_shape(x)[1:-1], kernel.shape[:-2], strides, strict=True):
        total = (-(-size // stride) - 1) * stride + width - size
        total = max(total, 0) if isinstance(total, int) else tf.maximum(total, 0)
        margins.append([total // 2, total - total // 2])
    return margins


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, then one that mixes the channels."""
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    *window, channels, _ = pointwise_kernel.shape
    given = deep.shape[-1 if standardize_data_format(data_format) == "channels_last" else 1]
    if len(window) != len(deep.shape) - 2 or channels != given or any(size != 1 for size in window):
        raise ValueError("the pointwise kernel is for other inputs")  # the core says it in its own words
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


# Pooling ---------------------------------------------------------------------------------------------------------


def max_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The largest element of each window."""
    return _pool("max_pool", _max2d, _max3d, inputs, pool_size, strides, padding, data_format)


def average_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The mean of each window, padding left out."""
    return _pool("average_pool", _average2d, _average3d, inputs, pool_size, strides, padding, data_format)


def _pool(
    name: str,
    plane: Callable[..., Any],
    volume: Callable[..., Any],
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
) -> Any:
    count = len(inputs.shape) - 2
    window = per_axis(pool_size, count, f"ops.{name}: pool_size")
    steps = window if strides is None else per_axis(strides, count, f"ops.{name}: strides")
    padding = raw_padding(padding, f"ops.{name}")
    wide = _POOLED_AS.get(inputs.dtype, inputs.dtype)

    def pooled(x: Any) -> Any:
        spatial = zip(x.shape[1:-1], window, strict=True)
        if padding == "VALID" and any(size is not None and size < width for size, width in spatial):
            raise ValueError("a window is longer than the inputs")  # the core says it in its own words
        if count == 1:
            return _squeeze(plane(_expand(x, 1), [1, 1, *window, 1], [1, 1, *steps, 1], padding), [1])
        if count == 2:
            return plane(x, [1, *window, 1], [1, *steps, 1], padding)
        if wide is tf.float32 or wide is tf.bfloat16:
            return volume(x, [1, *window, 1], [1, *steps, 1], padding)
        return _pool_planes_then_depth(plane, x, window, steps, padding)

    result = in_channels_last(pooled, cast(inputs, wide), standardize_data_format(data_format))
    return cast(result, inputs.dtype)


# What takes the place of a dtype that there is no pooling kernel for.
_POOLED_AS = {tf.bool: tf.int32, tf.uint32: tf.int64, tf.uint64: tf.int64}


def _pool_planes_then_depth(
    plane: Callable[..., Any], x: Any, window: list[int], steps: list[int], padding: str
) -> Any:
    """Three dimensions in two goes, for dtypes without a 3-D kernel: maxima and means of boxes can be taken in turn."""
    batch, depth, height, width, channels = dynamic_shape(x)
    flat = _reshape(x, as_shape((batch * depth, height, width, channels)))
    flat = plane(flat, [1, *window[1:], 1], [1, *steps[1:], 1], padding)
    _, height, width, _ = dynamic_shape(flat)
    columns = _reshape(flat, as_shape((batch, depth, height * width, channels)))
    columns = plane(columns, [1, window[0], 1, 1], [1, steps[0], 1, 1], padding)
    return _reshape(columns, as_shape((batch, dynamic_shape(columns)[1], height, width, channels)))
