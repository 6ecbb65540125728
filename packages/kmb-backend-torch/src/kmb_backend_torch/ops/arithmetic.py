"""Arithmetic: torch's own functions, bound where call and meaning agree.

torch's C functions take NumPy's parameter names too (`x`, `x1`, `x2`, `axis`, `keepdims`), so keywords work on
the bound ones. The few that refuse a Python number as second operand, or a dtype that the core allows, are wrapped.
"""

import torch

from kmb_backend_torch.ops.operands import Operand, beside
from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor

add = with_unsigned(torch.add)
subtract = with_unsigned(torch.subtract)
multiply = with_unsigned(torch.multiply)
true_divide = torch.true_divide
divide = torch.true_divide
negative = with_unsigned(torch.negative)
floor = torch.floor
ceil = torch.ceil
reciprocal = torch.reciprocal


@with_unsigned
def floor_divide(x1: Tensor, x2: Operand) -> Tensor:
    """`x1 // x2`; a whole number over 0 is 0, as NumPy has it."""
    if x1.dtype.is_floating_point:
        return torch.floor_divide(x1, x2)
    divisor = beside(x1, x2)
    missing = divisor == 0
    return torch.where(missing, 0, torch.floor_divide(x1, torch.where(missing, 1, divisor)))


@with_unsigned
def mod(x1: Tensor, x2: Operand) -> Tensor:
    """The remainder with the sign of x2; a whole number by 0 leaves 0, as NumPy has it."""
    if x1.dtype.is_floating_point:
        return torch.remainder(x1, x2)
    divisor = beside(x1, x2)
    missing = divisor == 0
    return torch.where(missing, 0, torch.remainder(x1, torch.where(missing, 1, divisor)))


@with_unsigned
def power(x1: Tensor, x2: Operand) -> Tensor:
    """`x1 ** x2`."""
    return torch.pow(x1, x2)


@with_unsigned
def maximum(x1: Tensor, x2: Operand) -> Tensor:
    """The larger of two; NaN where either is."""
    return torch.maximum(x1, x2 if isinstance(x2, Tensor) else beside(x1, x2))


@with_unsigned
def minimum(x1: Tensor, x2: Operand) -> Tensor:
    """The smaller of two; NaN where either is."""
    return torch.minimum(x1, x2 if isinstance(x2, Tensor) else beside(x1, x2))


@with_unsigned
def absolute(x: Tensor) -> Tensor:
    """|x|; booleans as they are."""
    return x if x.dtype is torch.bool else torch.abs(x)


abs = absolute  # the core has both names


@with_unsigned
def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1; NaN for NaN, of which torch makes 0."""
    if x.dtype is torch.bool:
        raise TypeError("sign: booleans have none")
    signs = torch.sign(x)
    return torch.where(torch.isnan(x), x, signs) if x.dtype.is_floating_point else signs


@with_unsigned
def square(x: Tensor) -> Tensor:
    """x²; booleans as integers."""
    return x.to(torch.int32) if x.dtype is torch.bool else torch.mul(x, x)


def round(x: Tensor, decimals: int = 0) -> Tensor:
    """To the nearest multiple of 10^-decimals, halves to even."""
    if x.dtype.is_floating_point:
        return torch.round(x, decimals=decimals) if decimals else torch.round(x)
    if decimals >= 0:
        return x
    step = 10**-decimals
    return (torch.round(x.to(torch.float64) / step) * step).to(x.dtype)


def trunc(x: Tensor) -> Tensor:
    """Towards 0."""
    return torch.trunc(x) if x.dtype.is_floating_point else x


@with_unsigned
def clip(x: Tensor, x_min: Operand | None, x_max: Operand | None) -> Tensor:
    """x held between two bounds."""
    if isinstance(x_min, Tensor) or isinstance(x_max, Tensor):
        x_min, x_max = (None if bound is None else beside(x, bound) for bound in (x_min, x_max))
    elif x_min.__class__ is int and x_max.__class__ is float:  # torch's exporter to ONNX fails on two kinds of bounds
        x_min = float(x_min)
    x = x.to(torch.int32) if x.dtype is torch.bool else x  # which torch makes int64
    return torch.clamp(x, x_min, x_max)
