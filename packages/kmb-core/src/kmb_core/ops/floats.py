"""What floating-point numbers are made of: signs, exponents, neighbours, infinities."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_float, numpy_dtype
from kmb_core.errors import DTypeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, maximum, minimum, multiply, subtract
from kmb_core.ops.bits import bitwise_left_shift, bitwise_or, view
from kmb_core.ops.comparison import equal, greater, isnan, less, logical_or, where
from kmb_core.ops.creation import cast, full, zeros_like
from kmb_core.ops.declaration import composite
from kmb_core.ops.operands import beside
from kmb_core.typing import Floating, Tensor, TensorLike

# Bits of the fraction, and the largest exponent.
LAYOUT = {"float16": (10, 15), "bfloat16": (7, 127), "float32": (23, 127), "float64": (52, 1023)}


def _bits_dtype(dtype: str) -> str:
    return f"int{8 * numpy_dtype(dtype).itemsize}"


@composite
def signbit(x: TensorLike) -> Tensor:
    """Where the sign is negative; that of -0.0 and of NaN counts too.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.signbit([-0.0, 0.0, -1.0])]
        [True, False, True]
    """
    dtype = dtype_of(x)
    if dtype == "bool":
        return zeros_like(x)
    if is_float(dtype):
        x = view(x, _bits_dtype(dtype))
    return less(x, 0)


@composite
def isposinf(x: TensorLike) -> Tensor:
    """Where x is positive infinity.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isposinf([1.0, float("inf")])]
        [False, True]
    """
    return _equals(x, float("inf"))


@composite
def isneginf(x: TensorLike) -> Tensor:
    """Where x is negative infinity.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isneginf([1.0, float("-inf")])]
        [False, True]
    """
    return _equals(x, float("-inf"))


def _equals(x: Any, value: float) -> Tensor:
    return equal(x, value) if is_float(dtype_of(x)) else zeros_like(x, "bool")


@composite
def nextafter(x1: Floating, x2: Floating) -> Tensor:
    """The number that follows x1 on the way to x2.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. Integers and booleans are taken as floatx.

    Returns:
        The broadcast shape, in the promoted floating dtype; x2 where both are equal.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nextafter(1.0, 2.0)) > 1.0
        True
    """
    if isinstance(x1, KerasTensor):
        return rules.broadcast(x1, x2, "nextafter")
    dtype, x2 = dtype_of(x1), beside(x1, x2)
    x1, x2 = add(x1, zeros_like(x2)), add(x2, zeros_like(x1))
    bits = view(x1, _bits_dtype(dtype))
    one = full((), 1, _bits_dtype(dtype))
    # the bits of a positive number count up with it, those of a negative one with its size
    away = equal(greater(x2, x1), greater(x1, 0))
    moved = where(away, add(bits, one), subtract(bits, one))
    smallest = where(greater(x2, x1), one, bitwise_or(one, full((), _lowest(dtype), _bits_dtype(dtype))))
    following = view(where(equal(x1, 0), smallest, moved), dtype)
    following = where(equal(x1, x2), x2, following)
    return where(logical_or(isnan(x1), isnan(x2)), add(x1, x2), following)


def _lowest(dtype: str) -> int:
    return -(2 ** (8 * numpy_dtype(dtype).itemsize - 1))


@composite
def ldexp(x1: Floating, x2: TensorLike) -> Tensor:
    """`x1 * 2**x2`, without overflow on the way.

    Args:
        x1: tensor of any dtype; integers and booleans are taken as floatx.
        x2: tensor of integers; the shapes broadcast.

    Returns:
        The broadcast shape, in the floating dtype of x1.

    Raises:
        DTypeError: for exponents that are no integers. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.ldexp(0.75, 4))
        12.0
    """
    if not dtype_of(x2).startswith(("int", "uint")):
        raise DTypeError(f"ops.ldexp: expected exponents of an integer dtype, got {dtype_of(x2)}")
    if isinstance(x1, KerasTensor):
        return rules.broadcast(x1, x2, "ldexp")
    _, largest = LAYOUT[dtype_of(x1)]
    exponent = minimum(maximum(cast(x2, "int32"), -4 * largest), 4 * largest)
    # three factors, because one exponent field holds no more than a third of the way from the smallest to the largest
    for _ in range(3):
        part = minimum(maximum(exponent, 1 - largest), largest)
        x1 = multiply(x1, _power_of_two(part, dtype_of(x1)))
        exponent = subtract(exponent, part)
    return x1


def _power_of_two(exponent: Tensor, dtype: str) -> Tensor:
    """2**exponent exactly: the exponent's field alone."""
    fraction, largest = LAYOUT[dtype]
    field = cast(add(exponent, largest), _bits_dtype(dtype))
    return view(bitwise_left_shift(field, full((), fraction, _bits_dtype(dtype))), dtype)
