"""Comparisons, logic and choice, element by element.

Comparisons see both arguments in their common dtype, so `int8(1) == 1.5` is false on every backend.
"""

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_float
from kmb_core.errors import CapabilityError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, add, multiply, subtract
from kmb_core.ops.declaration import composite, primitive
from kmb_core.typing import Floating, Operand, Promoted, Tensor, TensorLike

# The largest finite numbers, for `nan_to_num`.
LARGEST = {
    "float16": 65504.0,
    "bfloat16": (2 - 2**-7) * 2.0**127,
    "float32": (2 - 2**-23) * 2.0**127,
    "float64": (2 - 2**-52) * 2.0**1023,
}


@primitive
def equal(x1: Promoted, x2: Promoted) -> Tensor:
    """Where two tensors are equal; NaN equals nothing.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.equal([1, 2], [1, 3])]
        [True, False]
    """
    return rules.broadcast(x1, x2, "equal", "bool")


@composite
def not_equal(x1: Promoted, x2: Promoted) -> Tensor:
    """Where two tensors differ; NaN differs from everything.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.not_equal([1, 2], [1, 3])]
        [False, True]
    """
    return logical_not(equal(x1, x2))


@primitive
def less(x1: Promoted, x2: Promoted) -> Tensor:
    """Where x1 < x2.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.less([1, 2], 2)]
        [True, False]
    """
    return rules.broadcast(x1, x2, "less", "bool")


@primitive
def less_equal(x1: Promoted, x2: Promoted) -> Tensor:
    """Where x1 <= x2.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.less_equal([1, 3], 2)]
        [True, False]
    """
    return rules.broadcast(x1, x2, "less_equal", "bool")


@composite
def greater(x1: Promoted, x2: Promoted) -> Tensor:
    """Where x1 > x2.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.greater([1, 3], 2)]
        [False, True]
    """
    return less(x2, x1)


@composite
def greater_equal(x1: Promoted, x2: Promoted) -> Tensor:
    """Where x1 >= x2.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.greater_equal([1, 2], 2)]
        [False, True]
    """
    return less_equal(x2, x1)


@primitive
def logical_and(x1: Promoted, x2: Promoted) -> Tensor:
    """Where both are true; numbers are true when they are not zero.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.logical_and([True, True], [True, False])]
        [True, False]
    """
    return rules.broadcast(x1, x2, "logical_and", "bool")


@composite
def logical_or(x1: Promoted, x2: Promoted) -> Tensor:
    """Where at least one is true; numbers are true when they are not zero.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.logical_or([False, True], False)]
        [False, True]
    """
    return logical_not(logical_and(logical_not(x1), logical_not(x2)))


@composite
def logical_xor(x1: Promoted, x2: Promoted) -> Tensor:
    """Where exactly one is true; numbers are true when they are not zero.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.logical_xor([False, True], True)]
        [True, False]
    """
    return not_equal(logical_not(x1), logical_not(x2))


@primitive
def logical_not(x: TensorLike) -> Tensor:
    """Where x is false; for numbers, where it is zero.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.logical_not([True, False])]
        [False, True]
    """
    return rules.typed(x, "bool")


@primitive
def isnan(x: TensorLike) -> Tensor:
    """Where x is not a number.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isnan([1.0, float("nan")])]
        [False, True]
    """
    return rules.typed(x, "bool")


@primitive
def isfinite(x: TensorLike) -> Tensor:
    """Where x is neither infinite nor NaN.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isfinite([1.0, float("inf")])]
        [True, False]
    """
    return rules.typed(x, "bool")


@composite
def isinf(x: TensorLike) -> Tensor:
    """Where x is positive or negative infinity.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isinf([1.0, float("inf")])]
        [False, True]
    """
    return logical_not(logical_or(isfinite(x), isnan(x)))


@composite
def isclose(
    x1: Floating, x2: Floating, rtol: Operand = 1e-5, atol: Operand = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Where `|x1 - x2| <= atol + rtol * |x2|`; equal infinities are close.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast.
        rtol, atol: relative and absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    Returns:
        Booleans of the broadcast shape.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isclose([1.0, 2.0], [1.0, 2.1])]
        [True, False]
    """
    tolerance = add(multiply(absolute(x2), rtol), atol)
    near = logical_and(less_equal(absolute(subtract(x1, x2)), tolerance), isfinite(x2))
    close = logical_or(near, equal(x1, x2))
    return logical_or(close, logical_and(isnan(x1), isnan(x2))) if equal_nan else close


@primitive
def where(condition: TensorLike, x1: Promoted | None = None, x2: Promoted | None = None) -> Tensor:
    """Elements of x1 where a condition holds, of x2 elsewhere.

    Args:
        condition: tensor of booleans; numbers are true when they are not zero.
        x1, x2: tensors or scalars; all three shapes broadcast. Without them the result is a tuple with the places where
            the condition holds, one tensor of indices for each axis (not in functional models: the size is unknown).

    Returns:
        The broadcast shape, in the dtype that x1 and x2 share.

    Raises:
        ShapeError: when the shapes do not broadcast. ValueError: for one of x1 and x2 without the other.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.where([True, False], [1, 2], 0)]
        [1, 0]
    """
    if x1 is None and x2 is None:
        raise CapabilityError("ops.where(condition): the number of places is unknown before the tensor has a value")
    if x1 is None or x2 is None:
        raise ValueError("ops.where: give both x1 and x2, or neither")
    return rules.broadcast(x1, rules.broadcast(condition, x2, "where"), "where", x1.dtype)


@composite
def nan_to_num(x: TensorLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """x with NaN and infinities replaced by numbers.

    Args:
        x: tensor of any shape and dtype; integers and booleans have nothing to replace.
        nan: what stands for NaN.
        posinf, neginf: what stands for the infinities; the largest and smallest number of the dtype when None.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.nan_to_num([1.0, float("nan")], nan=5.0)]
        [1.0, 5.0]
    """
    dtype = dtype_of(x)
    if not is_float(dtype):
        return x
    largest = LARGEST[dtype]
    x = where(isnan(x), nan, x)
    x = where(equal(x, float("inf")), largest if posinf is None else posinf, x)
    return where(equal(x, float("-inf")), -largest if neginf is None else neginf, x)
