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
    return torch.hypot(x1, beside(x1, x2))


def logaddexp2(x1: torch.Tensor, x2: Operand) -> torch.Tensor:
    """log2(2^x1 + 2^x2)."""
    return torch.logaddexp2(x1, beside(x1, x2))
