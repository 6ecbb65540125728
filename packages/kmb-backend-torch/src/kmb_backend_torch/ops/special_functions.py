"""Elementary functions that are seldom needed: torch's."""

import torch

from kmb_backend_torch.ops.operands import Operand, beside

exp2 = torch.exp2
deg2rad = torch.deg2rad
rad2deg = torch.rad2deg
sinc = torch.sinc
i0 = torch.i0


def hypot(x1: torch.Tensor, x2: Operand) -> torch.Tensor:
    """The length of a right triangle's long side."""
    x2 = beside(x1, x2)
    if not (x1.requires_grad or x2.requires_grad):
        return torch.hypot(x1, x2)
    origin = (x1 == 0) & (x2 == 0)  # where torch's derivatives are NaN
    return torch.where(origin, 0.0, torch.hypot(torch.where(origin, 1.0, x1), x2))


def logaddexp2(x1: torch.Tensor, x2: Operand) -> torch.Tensor:
    """log2(2^x1 + 2^x2)."""
    return torch.logaddexp2(x1, beside(x1, x2))
