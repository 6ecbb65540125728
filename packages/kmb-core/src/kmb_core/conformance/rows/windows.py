"""Rows of `ops.nn.convolution`, `transposed_convolution` and `adaptive_pooling`.

The oracles visit one window after the other.
"""

import itertools

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, apart, numbers

TABLE = Table()


def tuples(value, rank):
    """One number for each spatial axis."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def borders(sizes, window, strides, dilations, padding):
    """Elements in front of and behind each axis: the odd one behind."""
    result = []
    for size, width, stride, dilation in zip(sizes, window, strides, dilations, strict=True):
        extent = (width - 1) * dilation + 1
        total = max((-(-size // stride) - 1) * stride + extent - size, 0) if padding == "same" else 0
        result.append((total // 2, total - total // 2))
    return result


def windows(x, window, strides, dilations, padding, fill):
    """Each window's place in the result, and its elements: (batch, *window, channels)."""
    rank = len(window)
    around = [(0, 0), *borders(x.shape[1:-1], window, strides, dilations, padding), (0, 0)]
    wide = np.pad(x, around, constant_values=fill)
    extents = [(w - 1) * d + 1 for w, d in zip(window, dilations, strict=True)]
    counts = [(n - e) // s + 1 for n, e, s in zip(wide.shape[1:-1], extents, strides, strict=True)]
    for place in itertools.product(*map(range, counts)):
        spans = [slice(place[i] * strides[i], place[i] * strides[i] + extents[i], dilations[i]) for i in range(rank)]
        yield counts, place, wide[(slice(None), *spans, slice(None))]


def sliding(x, size, strides, padding, data_format, fill, reduce, dilations=1, channels=None):
    """What `reduce` makes of each window, laid out like the input."""
    if data_format == "channels_first":
        x = np.moveaxis(x, 1, -1)
    rank = x.ndim - 2
    size, dilations = tuples(size, rank), tuples(dilations, rank)
    strides = tuples(size if strides is None else strides, rank)
    result = None
    for counts, place, part in windows(x, size, strides, dilations, padding, fill):
        if result is None:
            result = np.empty((x.shape[0], *counts, channels or x.shape[-1]), x.dtype)
        result[(slice(None), *place)] = reduce(part)
    return np.moveaxis(result, -1, 1) if data_format == "channels_first" else result


def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Correlation; the channels of a group meet the filters of that group."""
    *window, depth, filters = kernel.shape
    channels = inputs.shape[1] if data_format == "channels_first" else inputs.shape[-1]
    groups = channels // depth
    share = filters // groups

    def reduce(part):
        rank = len(window)
        axes = tuple(range(1, rank + 2)), tuple(range(rank + 1))
        pieces = [
            np.tensordot(part[..., g * depth : (g + 1) * depth], kernel[..., g * share : (g + 1) * share], axes)
            for g in range(groups)
        ]
        return np.concatenate(pieces, -1)

    return sliding(inputs, tuple(window), strides, padding, data_format, 0, reduce, dilation_rate, filters)


def spatial(part):
    """The axes of a window that are reduced."""
    return tuple(range(1, part.ndim - 1))


def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The largest; padding never is."""
    fill = -np.inf if inputs.dtype.kind == "f" else np.iinfo(inputs.dtype).min
    return sliding(inputs, pool_size, strides, padding, data_format, fill, lambda part: part.max(spatial(part)))


def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of what is not padding."""
    inputs = inputs.astype("float64")
    mean = lambda part: np.nanmean(part, spatial(part))  # noqa: E731 - as in max_pool
    return sliding(inputs, pool_size, strides, padding, data_format, np.nan, mean)


def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Each channel by itself; its filters side by side."""
    axis = 1 if data_format == "channels_first" else -1
    channels = [
        conv(np.take(inputs, [c], axis), kernel[..., [c], :], strides, padding, data_format, dilation_rate)
        for c in range(kernel.shape[-2])
    ]
    return np.concatenate(channels, axis)


def separable_conv(inputs, depthwise, pointwise, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Depthwise, then a matrix product for each place."""
    deep = depthwise_conv(inputs, depthwise, strides, padding, data_format, dilation_rate)
    if data_format == "channels_first":
        return np.moveaxis(np.moveaxis(deep, 1, -1) @ pointwise.reshape(pointwise.shape[-2:]), -1, 1)
    return deep @ pointwise.reshape(pointwise.shape[-2:])


def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """Each element of the inputs adds its window to the outputs."""
    x = np.moveaxis(inputs, 1, -1) if data_format == "channels_first" else inputs
    rank = x.ndim - 2
    strides, dilations = tuples(strides, rank), tuples(dilation_rate, rank)
    more = (None,) * rank if output_padding is None else tuples(output_padding, rank)
    sizes, fronts = [], []
    for size, width, stride, dilation, extra in zip(
        x.shape[1:-1], kernel.shape, strides, dilations, more, strict=False
    ):
        extent = (width - 1) * dilation + 1
        sums = (size - 1) * stride + extent
        if extra is not None:
            made = sums + extra - (extent // 2 * 2 if padding == "same" else 0)
        else:
            made = size * stride if padding == "same" else max(sums, size * stride)
        sizes.append(made)
        fronts.append(max(sums - made, 0) // 2)
    y = np.zeros((len(x), *sizes, kernel.shape[-2]))
    for place in np.ndindex(*x.shape[1:-1], *kernel.shape[:rank]):
        element, inside = place[:rank], place[rank:]
        at = [e * s + i * d - f for e, s, i, d, f in zip(element, strides, inside, dilations, fronts, strict=True)]
        if all(0 <= a < n for a, n in zip(at, sizes, strict=True)):
            y[(slice(None), *at)] += x[(slice(None), *element)] @ kernel[inside].T
    return np.moveaxis(y, -1, 1) if data_format == "channels_first" else y


def adaptive(x, output_size, data_format, reduce):
    """What `reduce` makes of each of so many windows."""
    x = np.moveaxis(x, 1, -1) if data_format == "channels_first" else x
    counts = tuples(output_size, x.ndim - 2)
    y = np.empty((len(x), *counts, x.shape[-1]), x.dtype)
    for place in np.ndindex(*counts):
        axes = zip(place, x.shape[1:-1], counts, strict=True)
        spans = [slice(int(np.floor(i * n / c)), int(np.ceil((i + 1) * n / c))) for i, n, c in axes]
        y[(slice(None), *place)] = reduce(x[(slice(None), *spans)], tuple(range(1, x.ndim - 1)))
    return np.moveaxis(y, -1, 1) if data_format == "channels_first" else y


def adaptive_average_pool(inputs, output_size, data_format=None):
    """The mean of each window."""
    return adaptive(inputs.astype("float64"), output_size, data_format, np.mean)


def adaptive_max_pool(inputs, output_size, data_format=None):
    """The largest element of each window."""
    return adaptive(inputs, output_size, data_format, np.max)


SMOOTH = {"gradients": True, "tolerance": 4e-6, "low_tolerance": 0.1, "unknown_batch": 1}
FIRST = {"data_format": "channels_first", **SMOOTH}
LAST = {"data_format": "channels_last", **SMOOTH}

TABLE.add("conv", conv, numbers(2, 5, 2), numbers(3, 2, 3), **LAST)
TABLE.add("conv", conv, numbers(1, 6, 2), numbers(2, 2, 2), 2, "same", **LAST)
TABLE.add("conv", conv, numbers(2, 5, 4, 2), numbers(3, 2, 2, 3), **LAST)
TABLE.add("conv", conv, numbers(1, 5, 6, 2), numbers(3, 2, 2, 2), 2, "same", **LAST)
TABLE.add("conv", conv, numbers(1, 5, 6, 1), numbers(2, 2, 1, 2), (2, 1), "same", **LAST)
TABLE.add("conv", conv, numbers(1, 6, 5, 2), numbers(2, 3, 2, 2), padding="same", dilation_rate=2, **LAST)
TABLE.add("conv", conv, numbers(1, 5, 5, 2), numbers(2, 2, 2, 2), padding="valid", dilation_rate=(1, 2), **LAST)
TABLE.add("conv", conv, numbers(1, 4, 4, 4), numbers(2, 2, 2, 4), **LAST)
TABLE.add("conv", conv, numbers(1, 2, 5, 4), numbers(3, 2, 2, 3), 1, "same", **FIRST)
TABLE.add("conv", conv, numbers(1, 2, 5), numbers(2, 2, 2), 2, "same", **FIRST)
TABLE.add("conv", conv, numbers(1, 3, 4, 3, 2), numbers(2, 2, 2, 2, 2), (1, 2, 1), "same", **LAST)
TABLE.add("conv", conv, numbers(1, 2, 3, 3, 3), numbers(2, 2, 2, 2, 1), **FIRST)


def biased_conv(inputs, kernel, bias, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """A convolution, and a number for each filter."""
    axes = (-1, *(1,) * (inputs.ndim - 2)) if data_format == "channels_first" else (-1,)
    return conv(inputs, kernel, strides, padding, data_format, dilation_rate) + bias.reshape(axes)


TABLE.add("biased_conv", biased_conv, numbers(1, 5, 6, 2), numbers(3, 2, 2, 2), numbers(2), 2, "same", **LAST)
TABLE.add("biased_conv", biased_conv, numbers(1, 2, 5, 4), numbers(3, 2, 2, 3), numbers(3), **FIRST)
TABLE.add("biased_conv", biased_conv, numbers(2, 5, 2), numbers(3, 2, 3), numbers(3), dilation_rate=2, **LAST)

POOLS = {"max_pool": max_pool, "average_pool": average_pool}
TABLE.add_all(POOLS, apart(2, 6, 2), 2, **LAST)
TABLE.add_all(POOLS, apart(1, 5, 2), 3, 2, "same", **LAST)
TABLE.add_all(POOLS, apart(2, 4, 5, 2), 2, **LAST)
TABLE.add_all(POOLS, apart(1, 5, 6, 1), (2, 3), (2, 1), "same", **LAST)
TABLE.add_all(POOLS, apart(1, 5, 4, 1), 2, 1, "same", **LAST)
TABLE.add_all(POOLS, apart(1, 2, 5, 4), (2, 2), 2, "same", **FIRST)
TABLE.add_all(POOLS, apart(1, 4, 3, 3, 1), 2, 1, **LAST)
TABLE.add_all(POOLS, apart(1, 1, 3, 4, 3), 2, 2, "same", **FIRST)
TABLE.add("max_pool", max_pool, numbers(1, 4, 4, 2), 2, 2, "same", data_format="channels_last", dtypes=NUMBERS)
TABLE.add("average_pool", average_pool, numbers(1, 4, 4, 2), 2, data_format="channels_last", dtypes=("int32",))

EMPTY = {"data_format": "channels_last", "unknown_batch": 1}
TABLE.add("conv", conv, numbers(0, 4, 4, 2), numbers(2, 2, 2, 3), **EMPTY)
TABLE.add("conv", lambda *a, **k: np.zeros((2, 0, 3)), numbers(2, 0, 2), numbers(2, 2, 3), 2, "same", **EMPTY)
TABLE.add("biased_conv", biased_conv, numbers(0, 4, 4, 2), numbers(2, 2, 2, 3), numbers(3), **EMPTY)
TABLE.add_all(POOLS, numbers(0, 4, 4, 2), 2, **EMPTY)

TABLE.add("depthwise_conv", depthwise_conv, numbers(2, 6, 2), numbers(3, 2, 2), **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 6, 3), numbers(2, 3, 1), 2, "same", dilation_rate=1, **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 5, 6, 2), numbers(3, 2, 2, 2), 2, "same", **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 5, 6, 2), numbers(2, 3, 2, 1), (1, 2), "same", **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 7, 6, 2), numbers(2, 2, 2, 2), (3, 2), **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 6, 5, 2), numbers(2, 2, 2, 1), dilation_rate=(2, 1), **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 2, 5, 4), numbers(3, 2, 2, 2), 1, "same", **FIRST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(1, 3, 4, 3, 2), numbers(2, 2, 2, 2, 2), (1, 2, 1), "same", **LAST)
TABLE.add("depthwise_conv", depthwise_conv, numbers(0, 4, 4, 2), numbers(2, 2, 2, 2), **EMPTY)

TABLE.add("separable_conv", separable_conv, numbers(2, 6, 2), numbers(3, 2, 2), numbers(1, 4, 3), **LAST)
TABLE.add(
    "separable_conv", separable_conv, numbers(1, 5, 6, 2), numbers(3, 2, 2, 1), numbers(1, 1, 2, 2), 2, "same", **LAST
)
TABLE.add(
    "separable_conv", separable_conv, numbers(1, 2, 5, 4), numbers(2, 2, 2, 2), numbers(1, 1, 4, 3), (2, 1), **FIRST
)
TABLE.add(
    "separable_conv",
    separable_conv,
    numbers(1, 6, 5, 2),
    numbers(2, 2, 2, 1),
    numbers(1, 1, 2, 1),
    padding="same",
    dilation_rate=2,
    **LAST,
)
TABLE.add("separable_conv", separable_conv, numbers(0, 4, 2), numbers(2, 2, 2), numbers(1, 4, 3), **EMPTY)

TABLE.add("conv_transpose", conv_transpose, numbers(2, 4, 2), numbers(3, 3, 2), **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 4, 2), numbers(2, 2, 2), 3, "valid", **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(2, 4, 2), numbers(3, 2, 2), 2, "same", **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 3, 4, 2), numbers(3, 2, 3, 2), 2, "same", **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 3, 3, 2), numbers(4, 1, 2, 2), (1, 2), "same", 1, **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 3, 3, 2), numbers(2, 3, 2, 2), 2, "valid", (0, 3), **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 3, 4, 2), numbers(2, 3, 1, 2), dilation_rate=2, **LAST)
TABLE.add(
    "conv_transpose",
    conv_transpose,
    numbers(1, 3, 3, 1),
    numbers(3, 2, 2, 1),
    2,
    "same",
    None,
    dilation_rate=(1, 2),
    **LAST,
)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 2, 3, 4), numbers(3, 3, 3, 2), 2, "same", 1, **FIRST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 2, 4), numbers(4, 2, 2), 2, "same", 0, **FIRST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 2, 3, 2, 2), numbers(2, 2, 3, 1, 2), (1, 2, 2), "same", **LAST)
TABLE.add("conv_transpose", conv_transpose, numbers(1, 2, 2, 2, 2), numbers(2, 2, 2, 2, 2), **FIRST)
TABLE.add("conv_transpose", conv_transpose, numbers(0, 3, 3, 2), numbers(3, 3, 2, 2), 2, "same", **EMPTY)
TABLE.add("conv_transpose", lambda *a, **k: np.zeros((2, 0, 3)), numbers(2, 0, 2), numbers(2, 3, 2), 2, "same", **EMPTY)
TABLE.add(
    "conv_transpose", lambda *a, **k: np.zeros((1, 0, 3)), numbers(1, 1, 2), numbers(2, 3, 2), 1, "same", 0, **EMPTY
)

ADAPTIVE = {"adaptive_average_pool": adaptive_average_pool, "adaptive_max_pool": adaptive_max_pool}
TABLE.add_all(ADAPTIVE, apart(2, 7, 2), 3, **LAST)
TABLE.add_all(ADAPTIVE, apart(2, 6, 2), 3, **LAST)
TABLE.add_all(ADAPTIVE, apart(1, 2, 5), 7, **FIRST)
TABLE.add_all(ADAPTIVE, apart(2, 5, 6, 2), (2, 3), **LAST)
TABLE.add_all(ADAPTIVE, apart(1, 2, 4, 7), (1, 5), **FIRST)
TABLE.add_all(ADAPTIVE, apart(1, 4, 4, 3), 4, **LAST)
TABLE.add_all(ADAPTIVE, apart(1, 3, 4, 5, 2), 2, **LAST)
TABLE.add_all(ADAPTIVE, apart(1, 1, 4, 3, 5), (3, 3, 2), **FIRST)
TABLE.add_all(ADAPTIVE, numbers(0, 5, 4, 2), 2, **EMPTY)
TABLE.add(
    "adaptive_max_pool", adaptive_max_pool, numbers(1, 5, 4, 2), (2, 3), data_format="channels_last", dtypes=NUMBERS
)
TABLE.add(
    "adaptive_average_pool", adaptive_average_pool, numbers(1, 5, 2), 2, data_format="channels_last", dtypes=("int32",)
)
