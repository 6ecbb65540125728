"""Arithmetic and rounding, element by element.

Binary ops broadcast by NumPy's rule and promote both arguments to their common dtype; division gives floats.
"""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_float
from kmb_core.ops import rules
from kmb_core.ops.declaration import composite, primitive
from kmb_core.typing import Floating, Number, Promoted, Tensor, TensorLike


@primitive
def add(x1: Promoted, x2: Promoted) -> Tensor:
    """The sum of two tensors, element by element.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. For booleans the sum is "or".

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.add([1.0, 2.0], 1.0)]
        [2.0, 3.0]
    """
    return rules.broadcast(x1, x2, "add")


@primitive
def subtract(x1: Promoted, x2: Promoted) -> Tensor:
    """The difference `x1 - x2`, element by element.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        DTypeError: for booleans. ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.subtract([3.0, 2.0], [1.0, 2.0])]
        [2.0, 0.0]
    """
    rules.refuse_bool(x1, "subtract")
    return rules.broadcast(x1, x2, "subtract")


@primitive
def multiply(x1: Promoted, x2: Promoted) -> Tensor:
    """The product of two tensors, element by element.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. For booleans the product is "and".

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.multiply([3.0, 2.0], 2)]
        [6.0, 4.0]
    """
    return rules.broadcast(x1, x2, "multiply")


@primitive
def true_divide(x1: Floating, x2: Floating) -> Tensor:
    """The quotient `x1 / x2` as a floating-point number, element by element.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. Integers and booleans are taken as floatx.

    Returns:
        The broadcast shape, in the promoted floating dtype; division by zero gives infinity or NaN.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.true_divide([3, 2], 2)]
        [1.5, 1.0]
    """
    return rules.broadcast(x1, x2, "true_divide")


@composite
def divide(x1: Floating, x2: Floating) -> Tensor:
    """The quotient `x1 / x2`; the same as `true_divide`.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. Integers and booleans are taken as floatx.

    Returns:
        The broadcast shape, in the promoted floating dtype; division by zero gives infinity or NaN.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.divide([3, 2], 2)]
        [1.5, 1.0]
    """
    return true_divide(x1, x2)


@primitive
def floor_divide(x1: Number, x2: Number) -> Tensor:
    """The quotient `x1 / x2` rounded towards minus infinity.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast. Booleans are taken as int32.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.floor_divide([3.0, -3.0], 2.0)]
        [1.0, -2.0]
    """
    return rules.broadcast(x1, x2, "floor_divide")


@primitive
def mod(x1: Number, x2: Number) -> Tensor:
    """The remainder of `x1 / x2`, with the sign of x2.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast. Booleans are taken as int32.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.mod([3.0, -3.0], 2.0)]
        [1.0, 1.0]
    """
    return rules.broadcast(x1, x2, "mod")


@primitive
def power(x1: Number, x2: Number) -> Tensor:
    """x1 to the power of x2.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast. Booleans are taken as int32.
            Negative powers are for floats.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.power([2.0, 3.0], 2)]
        [4.0, 9.0]
    """
    return rules.broadcast(x1, x2, "power")


@primitive
def maximum(x1: Promoted, x2: Promoted) -> Tensor:
    """The larger of two elements; NaN where one is NaN.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.maximum([1.0, 3.0], 2.0)]
        [2.0, 3.0]
    """
    return rules.broadcast(x1, x2, "maximum")


@primitive
def minimum(x1: Promoted, x2: Promoted) -> Tensor:
    """The smaller of two elements; NaN where one is NaN.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.minimum([1.0, 3.0], 2.0)]
        [1.0, 2.0]
    """
    return rules.broadcast(x1, x2, "minimum")


@primitive
def negative(x: TensorLike) -> Tensor:
    """The negative of each element.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Raises:
        DTypeError: for booleans.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.negative(3.0))
        -3.0
    """
    rules.refuse_bool(x, "negative")
    return rules.same(x)


@primitive
def absolute(x: TensorLike) -> Tensor:
    """The absolute value of each element; of complex numbers, their modulus.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype; for complex numbers, the floating dtype of their parts.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.absolute(-3.0))
        3.0
    """
    return rules.typed(x, {"complex64": "float32", "complex128": "float64"}.get(x.dtype))


@composite(saved="Absolute")
def abs(x: TensorLike) -> Tensor:
    """The absolute value of each element; the same as `absolute`.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.abs(-3.0))
        3.0
    """
    return absolute(x)


@primitive
def sign(x: TensorLike) -> Tensor:
    """-1, 0 or 1, by the sign of each element; NaN for NaN.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Raises:
        DTypeError: for booleans.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.sign(-3.0))
        -1.0
    """
    rules.refuse_bool(x, "sign")
    return rules.same(x)


@primitive
def floor(x: Floating) -> Tensor:
    """The largest whole number that is not above x.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.floor(-1.5))
        -2.0
    """
    return rules.same(x)


@primitive
def ceil(x: Floating) -> Tensor:
    """The smallest whole number that is not below x.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.ceil(-1.5))
        -1.0
    """
    return rules.same(x)


@composite
def trunc(x: TensorLike) -> Tensor:
    """x without its fraction, rounded towards zero.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype. Integers and booleans stay what they are.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.trunc(-1.5))
        -1.0
    """
    if not is_float(dtype_of(x)):
        return x
    return multiply(sign(x), floor(absolute(x)))


@primitive
def round(x: TensorLike, decimals: int = 0) -> Tensor:
    """x rounded to a number of decimals, halves to the even neighbour.

    Args:
        x: tensor of any shape and dtype.
        decimals: places after the point.

    Returns:
        The same shape and dtype. Integers and booleans stay what they are.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.round(2.5))
        2.0
    """
    return rules.same(x)


@composite
def square(x: TensorLike) -> Tensor:
    """The square of each element.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape; the same dtype, int32 for booleans.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.square(3.0))
        9.0
    """
    return multiply(x, x) if dtype_of(x) != "bool" else add(x, 0)


@composite
def reciprocal(x: Floating) -> Tensor:
    """`1 / x` for each element.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.reciprocal(4.0))
        0.25
    """
    return true_divide(1.0, x)


@composite
def clip(x: Promoted, x_min: Any, x_max: Any) -> Tensor:
    """x limited to an interval.

    Args:
        x: tensor of any shape and dtype.
        x_min, x_max: numbers, or tensors whose shapes broadcast with that of x. Where they cross, x_max counts.

    Returns:
        The broadcast shape, in the dtype that x and the limits share.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.clip([-1.0, 0.5, 2.0], 0.0, 1.0)]
        [0.0, 0.5, 1.0]
    """
    return minimum(maximum(x, x_min), x_max)
