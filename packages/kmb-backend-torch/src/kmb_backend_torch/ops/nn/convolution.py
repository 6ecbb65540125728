"""Convolution and pooling on permuted views.

NHWC data seen with its axes in the order NCHW *is* torch's channels-last memory format, so nothing is copied on the way
in or out (Keras's detour over contiguous NCHW costs a CNN 1.85 times, backward included). "same" padding is what
TensorFlow defined: the odd element goes to the end; symmetric amounts are left to the kernel itself.
"""

from collections.abc import Sequence

import torch
from torch.nn import functional

from kmb_core.backend import image_data_format

Tensor = torch.Tensor
Sizes = int | Sequence[int]

_CONVOLUTIONS = {1: torch.conv1d, 2: torch.conv2d, 3: torch.conv3d}
_MAX_POOLS = {1: torch.max_pool1d, 2: torch.max_pool2d, 3: torch.max_pool3d}
_AVERAGE_POOLS = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}
_IS_LAST = {"channels_last": True, "channels_first": False}
CHANNELS_SECOND = {3: (0, 2, 1), 4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}
CHANNELS_LAST = {3: (0, 2, 1), 4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}
_KERNEL = {3: (2, 1, 0), 4: (3, 2, 0, 1), 5: (4, 3, 0, 1, 2)}


def sizes(value: Sizes, rank: int) -> tuple[int, ...]:
    """One number for each spatial axis.

    Raises:
        ValueError: for another count, which torch would stretch.
    """
    if isinstance(value, int):
        return (value,) * rank
    if len(value) != rank:
        raise ValueError(f"expected one number or {rank}, got {value}")
    return tuple(value)


def is_channels_last(data_format: str | None) -> bool:
    """Whether channels are the last axis; None asks the configuration."""
    return _IS_LAST[data_format or image_data_format()]


def _pads(padding: str) -> bool:
    """Whether anything is added.

    Raises:
        ValueError: for what is neither "same" nor "valid"; the op's rule says it in the words of all backends.
    """
    if padding not in ("same", "valid"):
        raise ValueError(f"padding is 'same' or 'valid', got {padding!r}")
    return padding == "same"


def same_padding(
    size: Sequence[int], window: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> tuple[list[int], list[int]]:
    """What "same" adds: in front and behind alike, and what more behind."""
    totals = [
        max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        for n, k, s, d in zip(size, window, strides, dilation, strict=True)
    ]
    return [total // 2 for total in totals], [total % 2 for total in totals]


def _behind(x: Tensor, both: Sequence[int], extra: Sequence[int], value: float = 0.0) -> Tensor:
    """x padded by `both` on both sides and `extra` behind (last axis first, as torch wants it)."""
    flat = [amount for b, e in zip(reversed(both), reversed(extra), strict=True) for amount in (b, b + e)]
    return functional.pad(x, flat, value=value)


def _nothing(x: Tensor, strides: Sequence[int], channels: int, last: bool) -> Tensor:
    """What "same" makes of an axis without elements, which torch's kernels refuse: no windows; with a gradient."""
    counts = [-(-size // step) for size, step in zip(x.shape[2:], strides, strict=True)]
    shape = (len(x), *counts, channels) if last else (len(x), channels, *counts)
    return x.new_zeros(shape) + x.sum().to(x.dtype)


def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolution with a kernel of shape (*window, in channels / groups, out channels)."""
    return _conv(inputs, kernel, None, strides, padding, data_format, dilation_rate)


def biased_conv(
    inputs: Tensor,
    kernel: Tensor,
    bias: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """`conv`, plus a number for each filter: the kernel does it in the same pass."""
    return _conv(inputs, kernel, bias, strides, padding, data_format, dilation_rate)


def _conv(
    inputs: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    strides: Sizes,
    padding: str,
    data_format: str | None,
    dilation_rate: Sizes,
) -> Tensor:
    rank = inputs.ndim - 2
    strides, dilation = sizes(strides, rank), sizes(dilation_rate, rank)
    last = is_channels_last(data_format)
    x = inputs.permute(CHANNELS_SECOND[rank + 2]) if last else inputs
    amount: Sequence[int] = (0,) * rank
    if _pads(padding):
        if 0 in x.shape[2:]:
            if kernel.ndim != x.ndim or x.shape[1] % kernel.shape[-2]:
                raise ValueError("the kernel does not fit")  # the declaration says it in full
            nothing = _nothing(x, strides, kernel.shape[-1], last) + kernel[:0].sum()
            return nothing if bias is None else nothing + bias[:0].sum()
        amount, extra = same_padding(x.shape[2:], kernel.shape[:rank], strides, dilation)
        if any(extra):
            x, amount = _behind(x, amount, extra), (0,) * rank
    groups = x.shape[1] // kernel.shape[rank]
    weight = kernel.permute(_KERNEL[rank + 2])
    out = _CONVOLUTIONS[rank](x, weight, bias, strides, amount, dilation, groups)
    return out.permute(CHANNELS_LAST[rank + 2]) if last else out


def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolution of each channel by itself; the kernel has shape (*window, channels, multiplier)."""
    *window, channels, multiplier = kernel.shape
    if channels != inputs.shape[-1 if is_channels_last(data_format) else 1]:
        raise ValueError(f"a kernel for {channels} channels does not fit inputs of shape {tuple(inputs.shape)}")
    grouped = kernel.reshape(*window, 1, channels * multiplier)
    return conv(inputs, grouped, strides, padding, data_format, dilation_rate)


def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """A depthwise convolution, then one that mixes the channels."""
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    *window, channels, _ = pointwise_kernel.shape
    if channels != deep.shape[-1 if is_channels_last(data_format) else 1] or any(size != 1 for size in window):
        raise ValueError(f"a pointwise kernel of shape {tuple(pointwise_kernel.shape)} does not fit")
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


def max_pool(
    inputs: Tensor,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest element of each window."""
    rank = inputs.ndim - 2
    window = sizes(pool_size, rank)
    strides = window if strides is None else sizes(strides, rank)
    last = is_channels_last(data_format)
    x = inputs.permute(CHANNELS_SECOND[rank + 2]) if last else inputs
    amount: Sequence[int] = (0,) * rank
    if _pads(padding):
        if 0 in x.shape[2:]:
            return _nothing(x, strides, x.shape[1], last)
        amount, extra = same_padding(x.shape[2:], window, strides, (1,) * rank)
        if any(extra):
            lowest = float("-inf") if x.dtype.is_floating_point else torch.iinfo(x.dtype).min
            x, amount = _behind(x, amount, extra, lowest), (0,) * rank
    if x.dtype.is_floating_point:
        out = _MAX_POOLS[rank](x, window, strides, amount)
    else:
        out = _integer_max_pool(x, window, strides, amount)
    return out.permute(CHANNELS_LAST[rank + 2]) if last else out


def _integer_max_pool(x: Tensor, window: Sequence[int], strides: Sequence[int], both: Sequence[int]) -> Tensor:
    """torch has no kernel for integers: the windows as views, and the largest of each."""
    x = _behind(x, both, (0,) * len(window), torch.iinfo(x.dtype).min)
    for axis, (size, step) in enumerate(zip(window, strides, strict=True), start=2):
        x = x.unfold(axis, size, step)
    return x.amax(tuple(range(-len(window), 0)))


def average_pool(
    inputs: Tensor,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The average of each window; padding does not count."""
    rank = inputs.ndim - 2
    window = sizes(pool_size, rank)
    strides = window if strides is None else sizes(strides, rank)
    last = is_channels_last(data_format)
    x = inputs.permute(CHANNELS_SECOND[rank + 2]) if last else inputs
    pool = _AVERAGE_POOLS[rank]
    if rank == 3 and x.dtype.itemsize == 2:  # torch has no kernel for 16-bit floats on the processor
        return average_pool(inputs.float(), pool_size, strides, padding, data_format).to(inputs.dtype)
    if _pads(padding):
        if 0 in x.shape[2:]:
            return _nothing(x, strides, x.shape[1], last)
        amount, extra = same_padding(x.shape[2:], window, strides, (1,) * rank)
        if any(extra):
            present = _behind(x.new_ones((1, 1, *x.shape[2:])), amount, extra)
            out = pool(_behind(x, amount, extra), window, strides) / pool(present, window, strides)
        else:
            out = pool(x, window, strides, tuple(amount), False, False)
    else:
        out = pool(x, window, strides)
    return out.permute(CHANNELS_LAST[rank + 2]) if last else out
