"""Integers as rows of bits, and as what divides them; the bits of any tensor under another dtype."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_integer, numpy_dtype, standardize_dtype
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, floor_divide, mod, multiply
from kmb_core.ops.comparison import equal, logical_not, where
from kmb_core.ops.creation import full
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.operands import beside
from kmb_core.typing import Number, Promoted, Tensor, TensorLike


def _need_bits(x: Any, op: str, or_bool: bool = True) -> None:
    dtype = dtype_of(x)
    if not is_integer(dtype) and not (or_bool and dtype == "bool"):
        raise DTypeError(f"ops.{op}: expected integers{' or booleans' if or_bool else ''}, got {dtype}")


def _of_bits(x: KerasTensor, y: KerasTensor, op: str) -> KerasTensor:
    _need_bits(x, op)
    return rules.broadcast(x, y, op)


@primitive
def bitwise_and(x: Promoted, y: Promoted) -> Tensor:
    """The bits that are set in both.

    Args:
        x, y: tensors of integers or booleans; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_and(6, 3))
        2
    """
    return _of_bits(x, y, "bitwise_and")


@primitive
def bitwise_or(x: Promoted, y: Promoted) -> Tensor:
    """The bits that are set in one or both.

    Args:
        x, y: tensors of integers or booleans; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_or(6, 3))
        7
    """
    return _of_bits(x, y, "bitwise_or")


@primitive
def bitwise_xor(x: Promoted, y: Promoted) -> Tensor:
    """The bits that are set in exactly one.

    Args:
        x, y: tensors of integers or booleans; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_xor(6, 3))
        5
    """
    return _of_bits(x, y, "bitwise_xor")


@composite
def bitwise_not(x: TensorLike) -> Tensor:
    """Every bit turned round; of booleans, "not".

    Args:
        x: tensor of integers or booleans.

    Returns:
        The same shape and dtype.

    Raises:
        DTypeError: for floats.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_not(5))
        -6
    """
    _need_bits(x, "bitwise_not")
    dtype = dtype_of(x)
    if dtype == "bool":
        return logical_not(x)
    all_ones = 2 ** (8 * numpy_dtype(dtype).itemsize) - 1 if dtype.startswith("u") else -1
    return bitwise_xor(x, full((), all_ones, dtype))


@composite
def bitwise_invert(x: TensorLike) -> Tensor:
    """Every bit turned round; the same as `bitwise_not`.

    Args:
        x: tensor of integers or booleans.

    Returns:
        The same shape and dtype.

    Raises:
        DTypeError: for floats.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_invert(5))
        -6
    """
    return bitwise_not(x)


@primitive
def bitwise_left_shift(x: Number, y: Number) -> Tensor:
    """The bits of x moved y places up, zeros following.

    Args:
        x, y: tensors of integers; their shapes broadcast. Booleans are taken as int32. y is not negative.

    Returns:
        The broadcast shape, in the promoted dtype; 0 where y is the number of bits or more.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_left_shift(3, 2))
        12
    """
    return _of_bits(x, y, "bitwise_left_shift")


@primitive
def bitwise_right_shift(x: Number, y: Number) -> Tensor:
    """The bits of x moved y places down; copies of the sign follow.

    Args:
        x, y: tensors of integers; their shapes broadcast. Booleans are taken as int32. y is not negative.

    Returns:
        The broadcast shape, in the promoted dtype; 0, or -1 for negative x, where y is the number of bits or more.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.bitwise_right_shift(12, 2))
        3
    """
    return _of_bits(x, y, "bitwise_right_shift")


@composite
def left_shift(x: Number, y: Number) -> Tensor:
    """The bits of x moved y places up; the same as `bitwise_left_shift`.

    Args:
        x, y: tensors of integers; their shapes broadcast. Booleans are taken as int32.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.left_shift(3, 2))
        12
    """
    return bitwise_left_shift(x, y)


@composite
def right_shift(x: Number, y: Number) -> Tensor:
    """The bits of x moved y places down; the same as `bitwise_right_shift`.

    Args:
        x, y: tensors of integers; their shapes broadcast. Booleans are taken as int32.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for floats. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.right_shift(12, 2))
        3
    """
    return bitwise_right_shift(x, y)


@primitive
def view(x: TensorLike, dtype: Any = None) -> Tensor:
    """The same bits, read as another dtype.

    Args:
        x: tensor of any dtype but "bool".
        dtype: name; that of x when None.

    Returns:
        The shape of x with the last size multiplied by the ratio of the dtypes' widths.

    Raises:
        ShapeError: when the last axis does not hold a whole number of the wider elements.

    Example:
        >>> from kmb_core import ops
        >>> hex(int(ops.view(ops.ones((), "float32"), "int32")))
        '0x3f800000'
    """
    dtype = x.dtype if dtype is None else standardize_dtype(dtype)
    given, wanted = numpy_dtype(x.dtype).itemsize, numpy_dtype(dtype).itemsize
    if given == wanted:
        return rules.typed(x, dtype)
    if not x.shape:
        raise ShapeError(f"ops.view: a scalar of {x.dtype} cannot be read as {dtype}, whose width differs")
    last = x.shape[-1]
    if last is not None and last * given % wanted:
        raise ShapeError(f"ops.view: a last axis of {last} {x.dtype} holds no whole number of {dtype}")
    return KerasTensor.like((*x.shape[:-1], None if last is None else last * given // wanted), dtype)


# Divisors --------------------------------------------------------------------------------------------------------


@composite
def gcd(x1: Promoted, x2: Promoted) -> Tensor:
    """The greatest common divisor; of 0 and a number, the number.

    Args:
        x1, x2: tensors of integers; their shapes broadcast. Signs do not count.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for anything but integers. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.gcd(12, 18))
        6
    """
    _need_bits(x1, "gcd", or_bool=False)
    if isinstance(x1, KerasTensor):
        return rules.broadcast(x1, x2, "gcd")
    a, b = absolute(x1), absolute(beside(x1, x2))
    # Euclid's algorithm: neighbours in Fibonacci's sequence take longest, 1.44 steps for each bit.
    for _ in range(12 * numpy_dtype(dtype_of(x1)).itemsize):
        a, b = where(equal(b, 0), a, b), mod(a, b)
    return a


@composite
def lcm(x1: Promoted, x2: Promoted) -> Tensor:
    """The least common multiple; 0 where either is 0.

    Args:
        x1, x2: tensors of integers; their shapes broadcast. Signs do not count.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for anything but integers. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.lcm(4, 6))
        12
    """
    _need_bits(x1, "lcm", or_bool=False)
    return absolute(multiply(floor_divide(x1, gcd(x1, x2)), x2))
