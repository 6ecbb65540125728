"""Bits and divisors: torch's functions, for wide unsigned integers by way of int64."""

from typing import Any

import torch

from kmb_backend_torch.conversion import native_dtype
from kmb_backend_torch.ops.operands import Operand, beside
from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor


@with_unsigned
def bitwise_and(x: Tensor, y: Operand) -> Tensor:
    """Bits set in both."""
    return torch.bitwise_and(x, y)


@with_unsigned
def bitwise_or(x: Tensor, y: Operand) -> Tensor:
    """Bits set in either."""
    return torch.bitwise_or(x, y)


@with_unsigned
def bitwise_xor(x: Tensor, y: Operand) -> Tensor:
    """Bits set in one."""
    return torch.bitwise_xor(x, y)


bitwise_not = bitwise_invert = with_unsigned(torch.bitwise_not)


@with_unsigned
def bitwise_left_shift(x: Tensor, y: Operand) -> Tensor:
    """Bits moved up."""
    return torch.bitwise_left_shift(x, beside(x, y))


@with_unsigned
def bitwise_right_shift(x: Tensor, y: Operand) -> Tensor:
    """Bits moved down."""
    return torch.bitwise_right_shift(x, beside(x, y))


left_shift, right_shift = bitwise_left_shift, bitwise_right_shift


@with_unsigned
def gcd(x1: Tensor, x2: Operand) -> Tensor:
    """The greatest common divisor."""
    return torch.gcd(x1, beside(x1, x2))


@with_unsigned
def lcm(x1: Tensor, x2: Operand) -> Tensor:
    """The least common multiple."""
    return torch.lcm(x1, beside(x1, x2))


def view(x: Tensor, dtype: Any = None) -> Tensor:
    """The same bits under another dtype; elements of another width must lie side by side."""
    return x if dtype is None else x.contiguous().view(native_dtype(dtype))
