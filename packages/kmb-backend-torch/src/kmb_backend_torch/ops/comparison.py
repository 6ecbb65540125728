"""Comparisons, logic and choice."""

import torch

from kmb_backend_torch.ops.operands import Operand, beside
from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor

equal = with_unsigned(torch.eq)
not_equal = with_unsigned(torch.ne)
less = with_unsigned(torch.lt)
less_equal = with_unsigned(torch.le)
greater = with_unsigned(torch.gt)
greater_equal = with_unsigned(torch.ge)
logical_not = with_unsigned(torch.logical_not)
isnan = torch.isnan
isinf = torch.isinf
isfinite = torch.isfinite


def isclose(x1: Tensor, x2: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where two numbers are about the same."""
    x2 = beside(x1, x2)
    if equal_nan and x1.is_cuda:  # where torch writes "both are NaN" into the shape of x1
        x1, x2 = torch.broadcast_tensors(x1, x2)
    return torch.isclose(x1, x2, rtol, atol, equal_nan)


@with_unsigned
def logical_and(x1: Tensor, x2: Operand) -> Tensor:
    """Where both are true."""
    return torch.logical_and(x1, beside(x1, x2))


@with_unsigned
def logical_or(x1: Tensor, x2: Operand) -> Tensor:
    """Where either is true."""
    return torch.logical_or(x1, beside(x1, x2))


@with_unsigned
def logical_xor(x1: Tensor, x2: Operand) -> Tensor:
    """Where exactly one is true."""
    return torch.logical_xor(x1, beside(x1, x2))


@with_unsigned
def where(condition: Tensor, x1: Tensor | None = None, x2: Tensor | None = None) -> Tensor | tuple[Tensor, ...]:
    """x1 where the condition holds, else x2; the places of what is true when neither is given."""
    if condition.dtype is not torch.bool:
        condition = condition != 0
    if x1 is None and x2 is None:
        return tuple(place.to(torch.int32) for place in torch.where(condition))
    return torch.where(condition, x1, x2)


def nan_to_num(x: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """x with numbers in place of NaN and the infinities."""
    return torch.nan_to_num(x, nan, posinf, neginf) if x.dtype.is_floating_point else x
