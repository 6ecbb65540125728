"""Adaptive pooling on permuted views; torch's kernels are for floats, the declared composite does the rest."""

from collections.abc import Callable
from typing import Any

from torch.nn import functional

from kmb_backend_torch.ops.nn.convolution import CHANNELS_LAST, CHANNELS_SECOND, Sizes, Tensor, is_channels_last, sizes
from kmb_core.ops.nn import adaptive_pooling as declared

_AVERAGE = {1: functional.adaptive_avg_pool1d, 2: functional.adaptive_avg_pool2d, 3: functional.adaptive_avg_pool3d}
_MAXIMUM = {1: functional.adaptive_max_pool1d, 2: functional.adaptive_max_pool2d, 3: functional.adaptive_max_pool3d}


def adaptive_average_pool(inputs: Tensor, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The mean of each of so many windows."""
    return _pooled(_AVERAGE, inputs, output_size, data_format)


def adaptive_max_pool(inputs: Tensor, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The largest element of each of so many windows."""
    if not inputs.dtype.is_floating_point:
        return declared.adaptive_max_pool.op.body(inputs, output_size, data_format)  # type: ignore[attr-defined]  # every declared op has its declaration
    return _pooled(_MAXIMUM, inputs, output_size, data_format)


def _pooled(
    pools: dict[int, Callable[..., Any]], inputs: Tensor, output_size: Sizes, data_format: str | None
) -> Tensor:
    rank = inputs.ndim - 2
    counts = sizes(output_size, rank)
    last = is_channels_last(data_format)
    x = inputs.permute(CHANNELS_SECOND[rank + 2]) if last else inputs
    if len(counts) != rank or min(counts) < 1 or 0 in x.shape[2:]:
        raise ValueError(f"windows {output_size} do not fit inputs of shape {tuple(inputs.shape)}")
    out = pools[rank](x, counts)
    return out.permute(CHANNELS_LAST[rank + 2]) if last else out
