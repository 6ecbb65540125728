"""Arithmetic that passes over NaN, zeros or signs: torch's."""

import torch

from kmb_backend_torch.ops.operands import Operand, beside
from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor

fabs = torch.abs


@with_unsigned
def fmax(x1: Tensor, x2: Operand) -> Tensor:
    """The larger of two, NaN passed over."""
    return torch.fmax(x1, beside(x1, x2))


@with_unsigned
def fmin(x1: Tensor, x2: Operand) -> Tensor:
    """The smaller of two, NaN passed over."""
    return torch.fmin(x1, beside(x1, x2))


@with_unsigned
def fmod(x1: Tensor, x2: Operand) -> Tensor:
    """The remainder with the sign of x1; a whole number by 0 leaves 0, as NumPy has it."""
    if x1.dtype.is_floating_point:
        return torch.fmod(x1, x2)
    divisor = beside(x1, x2)
    missing = divisor == 0
    return torch.where(missing, 0, torch.fmod(x1, torch.where(missing, 1, divisor)))
