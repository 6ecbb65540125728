"""Reductions of segments: torch's scatters into one segment more, which takes what is out of range."""

from math import prod

import torch

from kmb_backend_torch.conversion import dtype_name
from kmb_backend_torch.ops.unsigned import with_unsigned
from kmb_core.ops import segments as declared

Tensor = torch.Tensor
_KERNELS = {"prod": "prod", "max": "amax", "min": "amin"}
_IDENTITIES = {"sum": "add", "prod": "mul", "max": "max", "min": "min"}


def _joined(data: Tensor, ids: Tensor, count: int | None, reduction: str) -> Tensor:
    dtype = data.dtype
    if data.shape[: ids.ndim] != ids.shape or (count is not None and count < 0) or ids.dtype is torch.bool:
        raise ValueError("data begins with the shape of the numbers")  # the declaration says it in full
    if dtype.is_complex and reduction in ("max", "min"):
        raise ValueError("complex numbers have no order")
    if count is None:
        count = declared.segment_count(ids, f"segment_{reduction}")
    rest = data.shape[ids.ndim :]
    start = declared.identity(_IDENTITIES[reduction], dtype_name(data))
    data = (data.to(torch.int32) if dtype is torch.bool else data).reshape(ids.numel(), *rest)
    ids = ids.reshape(-1).to(torch.int64)
    ids = torch.where((ids >= 0) & (ids < count), ids, count)
    whole = torch.full((count + 1, *rest), start, dtype=data.dtype, device=data.device)
    if reduction == "sum":
        whole = whole.index_add(0, ids, data)
    elif prod(rest):
        places = ids.reshape(-1, *[1] * len(rest)).expand_as(data)
        whole = whole.scatter_reduce(0, places, data, _KERNELS[reduction])
    return whole[:count].to(dtype)


@with_unsigned
def segment_sum(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """torch's index_add."""
    return _joined(data, segment_ids, num_segments, "sum")


@with_unsigned
def segment_prod(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """torch's scatter_reduce."""
    return _joined(data, segment_ids, num_segments, "prod")


@with_unsigned
def segment_max(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """torch's scatter_reduce."""
    return _joined(data, segment_ids, num_segments, "max")


@with_unsigned
def segment_min(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """torch's scatter_reduce."""
    return _joined(data, segment_ids, num_segments, "min")
