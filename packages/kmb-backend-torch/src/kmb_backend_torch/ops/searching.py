"""Places in sorted sequences: torch's; what it has no kernel for is compared in a wider dtype."""

import torch

from kmb_backend_torch.ops.operands import Operand, beside
from kmb_backend_torch.ops.unsigned import UNSIGNED

_WIDER = {torch.bool: torch.uint8, **dict.fromkeys(UNSIGNED, torch.int64)}


def searchsorted(sorted_sequence: torch.Tensor, values: Operand, side: str = "left") -> torch.Tensor:
    """Where values would have to be put in."""
    if sorted_sequence.ndim != 1 or side not in ("left", "right"):
        raise ValueError("searchsorted: one axis, left or right")
    values = beside(sorted_sequence, values)
    wide = _WIDER.get(values.dtype)
    if wide is not None:
        sorted_sequence, values = sorted_sequence.to(wide), values.to(wide)
    return torch.searchsorted(sorted_sequence.contiguous(), values.contiguous(), right=side == "right", out_int32=True)
