"""Convolution as matrix products, pooling as passes over slices; forward only, because NumPy has no gradients.

A convolution copies its windows side by side ("im2col") and makes one BLAS call for each group; samples are taken in
portions, so that the copies stay small. With one channel to a group there is nothing to multiply matrices for: products
of shifted slices are added up. Pooling goes along one axis after the other, which takes the sum of the window's sizes
in passes, not their product.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kmb_backend_numpy.ops.nn.precision import in_float32
from kmb_core.backend import image_data_format

Sizes = int | Sequence[int]
Pads = list[tuple[int, int]]

PORTION = 1 << 18  # elements of copied windows at a time: what the second-level cache holds
SHORT = 32  # runs of fewer elements are copied one place of the window after the other, for NumPy has a price per run


@in_float32
def conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Convolution over 1 to 3 spatial axes."""
    rank = inputs.ndim - 2
    if kernel.ndim != inputs.ndim or not 1 <= rank <= 3:
        raise ValueError(f"a kernel of {kernel.ndim} axes does not fit inputs of {inputs.ndim}")
    first = channels_first(data_format)
    x = np.moveaxis(inputs, 1, -1) if first else inputs
    kernel = kernel.astype(x.dtype, copy=False)
    steps, dilations = each(strides, rank), each(dilation_rate, rank)
    window = kernel.shape[:rank]
    groups, rest = divmod(x.shape[-1], kernel.shape[-2])
    if rest or kernel.shape[-1] % groups:
        raise ValueError(f"{x.shape[-1]} channels do not fit a kernel of shape {kernel.shape}")
    pads = _pads(x.shape[1:-1], window, steps, dilations, padding)
    if padding == "same" and 0 in x.shape[1:-1]:
        return _nothing(inputs.shape, steps, kernel.shape[-1], first, x.dtype)
    x = _padded(x, pads, range(1, rank + 1), 0)
    multiply = _sum_of_slices if kernel.shape[-2] == 1 < groups else _windows_times_kernel
    outputs = multiply(x, kernel, steps, dilations, groups)
    return np.moveaxis(outputs, -1, 1) if first else outputs


def _nothing(shape: Sequence[int], steps: Sequence[int], channels: int, first: bool, dtype: np.dtype) -> Any:
    """What "same" padding makes of an axis without elements: no windows."""
    spatial = shape[2:] if first else shape[1:-1]
    counts = [-(-size // step) for size, step in zip(spatial, steps, strict=True)]
    return np.zeros((shape[0], channels, *counts) if first else (shape[0], *counts, channels), dtype)


def _windows_times_kernel(
    x: Any, kernel: Any, steps: tuple[int, ...], dilations: tuple[int, ...], groups: int
) -> Any:
    rank = x.ndim - 2
    *window, channels, filters = kernel.shape
    windows = _windows(x, window, steps, dilations)  # (batch, *counts, *window, channels)
    counts = windows.shape[: rank + 1]
    outputs = np.empty((*counts, filters), x.dtype)
    weights = kernel.reshape(-1, filters)
    for samples in _portions(windows):
        rows = math.prod(windows[samples].shape[: rank + 1])
        for group in range(groups):
            of_group = slice(group * channels, (group + 1) * channels)
            made = slice(group * (filters // groups), (group + 1) * (filters // groups))
            columns = _copied(windows[samples][..., of_group], rank).reshape(rows, weights.shape[0])
            np.matmul(columns, weights[:, made], out=outputs[samples].reshape(rows, filters)[:, made])
    return outputs


def _windows(x: Any, window: Sequence[int], steps: tuple[int, ...], dilations: tuple[int, ...]) -> Any:
    rank = len(window)
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(window, dilations, strict=True)]
    every = sliding_window_view(x, extents, axis=tuple(range(1, rank + 1)))  # (batch, *places, channels, *extents)
    chosen = [slice(None, None, step) for step in steps]
    inside = [slice(None, None, dilation) for dilation in dilations]
    return np.moveaxis(every[(slice(None), *chosen, slice(None), *inside)], rank + 1, -1)


def _copied(windows: Any, rank: int) -> Any:
    """The windows in memory of their own; `(window, channels)` at their end are one run where nothing is dilated."""
    if windows.shape[-2] * windows.shape[-1] >= SHORT:
        return np.ascontiguousarray(windows)
    result = np.empty(windows.shape, windows.dtype)
    places = (slice(None),) * (rank + 1)
    for place in product(*map(range, windows.shape[rank + 1 : -1])):
        result[(*places, *place)] = windows[(*places, *place)]
    return result


def _portions(x: Any) -> Iterator[slice]:
    """Samples, so many at a time that they have about PORTION elements."""
    batch = len(x)
    portion = max(1, PORTION * batch // max(1, x.size))
    return (slice(start, start + portion) for start in range(0, batch, portion))


def _sum_of_slices(x: Any, kernel: Any, steps: tuple[int, ...], dilations: tuple[int, ...], groups: int) -> Any:
    *window, _, filters = kernel.shape
    counts = [
        (size - (width - 1) * dilation - 1) // step + 1
        for size, width, step, dilation in zip(x.shape[1:-1], window, steps, dilations, strict=True)
    ]
    if min(counts) < 1:
        raise ValueError(f"a window of {window} does not fit in {x.shape[1:-1]}")
    outputs = np.zeros((len(x), *counts, groups, filters // groups), x.dtype)
    weights = kernel.reshape(*window, groups, filters // groups)
    for samples in _portions(outputs):
        sums, part = outputs[samples], x[samples]
        for place in product(*map(range, window)):
            chosen = tuple(
                slice(index * dilation, index * dilation + (count - 1) * step + 1, step)
                for index, dilation, count, step in zip(place, dilations, counts, steps, strict=True)
            )
            sums += part[(slice(None), *chosen, slice(None), None)] * weights[place]
    return outputs.reshape(*outputs.shape[:-2], filters)


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Convolution of each channel by itself, with a kernel (*window, channels, multiplier)."""
    *window, channels, multiplier = kernel.shape
    if channels != inputs.shape[1 if channels_first(data_format) else -1]:
        raise ValueError(f"a kernel for {channels} channels does not fit inputs of shape {inputs.shape}")
    grouped = kernel.reshape(*window, 1, channels * multiplier)
    return conv(inputs, grouped, strides, padding, data_format, dilation_rate)


def max_pool(
    inputs: Any, pool_size: Sizes, strides: Sizes | None = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The largest element of each window."""
    return _pooled(np.maximum, _lowest(inputs.dtype), inputs, pool_size, strides, padding, data_format)[0]


@in_float32
def average_pool(
    inputs: Any, pool_size: Sizes, strides: Sizes | None = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The mean of each window, padding left out."""
    sums, counts = _pooled(np.add, 0, inputs, pool_size, strides, padding, data_format)
    sums /= counts
    return sums


def _pooled(
    combine: Callable[..., Any],
    neutral: Any,
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None,
    padding: str,
    data_format: str | None,
) -> tuple[Any, Any]:
    """What `combine` makes of the windows, and how many elements of the inputs each of them has."""
    rank = inputs.ndim - 2
    if not 1 <= rank <= 3:
        raise ValueError(f"inputs have 1 to 3 spatial axes, not {rank}")
    window = each(pool_size, rank)
    steps = window if strides is None else each(strides, rank)
    first = channels_first(data_format)
    start = 2 if first else 1
    if padding == "same" and 0 in inputs.shape[start : start + rank]:
        empty = _nothing(inputs.shape, steps, inputs.shape[1 if first else -1], first, inputs.dtype)
        return empty, np.ones((), inputs.dtype)
    pads = _pads(inputs.shape[start : start + rank], window, steps, (1,) * rank, padding)
    counts = np.ones((), inputs.dtype if inputs.dtype.kind == "f" else np.float32)
    for axis, width, step, pad in zip(range(start, start + rank), window, steps, pads, strict=True):
        ones = np.ones(inputs.shape[axis], counts.dtype)
        inputs = _along(combine, _padded(inputs, [pad], [axis], neutral), axis, width, step)
        shape = [-1 if other == axis else 1 for other in range(inputs.ndim)]
        counts = counts * _along(np.add, _padded(ones, [pad], [0], 0), 0, width, step).reshape(shape)
    return inputs, counts


def _along(combine: Callable[..., Any], x: Any, axis: int, width: int, step: int) -> Any:
    """Combine the elements of each window along one axis."""
    count = (x.shape[axis] - width) // step + 1
    if count < 1:
        raise ValueError(f"a window of {width} does not fit in {x.shape[axis]}")
    before = (slice(None),) * axis
    result = x[(*before, slice(0, (count - 1) * step + 1, step))].copy()
    for start in range(1, width):
        combine(result, x[(*before, slice(start, start + (count - 1) * step + 1, step))], out=result)
    return result


def _lowest(dtype: np.dtype) -> Any:
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return False if dtype.kind == "b" else -np.inf


def each(value: Sizes, rank: int, least: int = 1) -> tuple[int, ...]:
    """One number for each spatial axis."""
    values = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != rank or min(values) < least:
        raise ValueError(f"expected a positive int or {rank} of them, got {value!r}")
    return values


def channels_first(data_format: str | None) -> bool:
    """Whether the channels stand before the spatial axes; None asks the configuration."""
    data_format = data_format or image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format is channels_last or channels_first, got {data_format!r}")
    return data_format == "channels_first"


def _pads(
    sizes: Sequence[int], window: Sequence[int], steps: Sequence[int], dilations: Sequence[int], padding: str
) -> Pads:
    """How much to add in front and at the end of each axis; the odd element goes to the end."""
    if padding not in ("valid", "same"):
        raise ValueError(f"padding is valid or same, got {padding!r}")
    if padding == "valid":
        return [(0, 0)] * len(sizes)
    totals = [
        max((-(-size // step) - 1) * step + (width - 1) * dilation + 1 - size, 0)
        for size, width, step, dilation in zip(sizes, window, steps, dilations, strict=True)
    ]
    return [(total // 2, total - total // 2) for total in totals]


def _padded(x: Any, pads: Pads, axes: Sequence[int], fill: Any) -> Any:
    if not any(map(any, pads)):
        return x
    shape, inside = list(x.shape), [slice(None)] * x.ndim
    for axis, (front, end) in zip(axes, pads, strict=True):
        shape[axis] += front + end
        inside[axis] = slice(front, front + x.shape[axis])
    result = np.full(shape, fill, x.dtype)
    result[tuple(inside)] = x
    return result
