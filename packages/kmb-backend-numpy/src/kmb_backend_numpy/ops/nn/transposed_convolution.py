"""Transposed convolution: one matrix product makes what each element adds to its window, slices add it up."""

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from kmb_backend_numpy.ops.nn.convolution import Sizes, channels_first, each
from kmb_backend_numpy.ops.nn.precision import in_float32
from kmb_core.shapes import transposed_cut


@in_float32
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """The gradient of a convolution with a kernel (*window, filters, channels)."""
    rank, first = inputs.ndim - 2, channels_first(data_format)
    x = np.moveaxis(inputs, 1, -1) if first else inputs
    if kernel.ndim != x.ndim or kernel.shape[-1] != x.shape[-1] or padding not in ("valid", "same"):
        raise ValueError(f"a kernel of shape {kernel.shape} or padding {padding!r} does not fit")
    steps, dilations = each(strides, rank), each(dilation_rate, rank)
    more = (None,) * rank if output_padding is None else each(output_padding, rank, 0)
    extents = [(width - 1) * rate + 1 for width, rate in zip(kernel.shape, dilations, strict=False)]
    cuts = [transposed_cut(e, step, padding, m) for e, step, m in zip(extents, steps, more, strict=True)]
    sums = _sums(x, kernel.astype(x.dtype, copy=False), steps, dilations, extents, cuts)
    return np.moveaxis(sums, -1, 1) if first else sums


def _sums(
    x: Any,
    kernel: Any,
    steps: Sequence[int],
    dilations: Sequence[int],
    extents: Sequence[int],
    cuts: Sequence[int],
) -> Any:
    """All sums, without those that are cut off."""
    batch, *sizes, channels = x.shape
    *window, filters, _ = kernel.shape
    whole = [(n - 1) * step + extent for n, step, extent in zip(sizes, steps, extents, strict=True)]
    counts = [max(n - cut, 0) for n, cut in zip(whole, cuts, strict=True)]
    fronts = [max(cut, 0) // 2 for cut in cuts]
    if not math.prod((batch, *sizes)):
        return np.zeros((batch, *counts, filters), x.dtype)
    spread = x.reshape(-1, channels) @ kernel.reshape(-1, channels).T
    spread = spread.reshape(batch, *sizes, *window, filters)
    room = [max(n, front + count) for n, front, count in zip(whole, fronts, counts, strict=True)]
    sums = np.zeros((batch, *room, filters), x.dtype)
    every = (slice(None),) * (len(sizes) + 1)
    for place in product(*map(range, window)):
        starts = [index * rate for index, rate in zip(place, dilations, strict=True)]
        slices = [slice(s, s + (n - 1) * t + 1, t) for s, n, t in zip(starts, sizes, steps, strict=True)]
        sums[(slice(None), *slices)] += spread[(*every, *place)]
    return sums[(slice(None), *(slice(f, f + count) for f, count in zip(fronts, counts, strict=True)))]
