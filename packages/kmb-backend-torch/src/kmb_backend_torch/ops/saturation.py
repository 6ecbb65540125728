"""Saturating casts of uint64, whose upper half torch cannot compare: its bits are read as int64, negative there."""

from typing import Any

import torch

from kmb_backend_torch.conversion import native_dtype
from kmb_core.ops import saturation as declared

_WIDE = (torch.uint64, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128)
_LARGEST = 2**63 - 1


def saturate_cast(x: torch.Tensor, dtype: Any) -> torch.Tensor:
    """As declared; of uint64 what no other dtype holds becomes the largest int64 first."""
    target = native_dtype(dtype)
    if x.dtype is torch.uint64 and target not in _WIDE:
        signed = x.view(torch.int64)
        x = torch.where(signed < 0, _LARGEST, signed)
    elif x.dtype is torch.uint64:
        return x.to(target)
    return declared.saturate_cast.op.body(x, dtype)
