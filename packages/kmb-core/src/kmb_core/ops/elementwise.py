"""Arithmetic, comparison, logic and elementary functions, element by element.

Binary ops broadcast by NumPy's rule and promote both arguments to their common dtype; functions whose result is no integer
(`exp`, `sqrt`, …) take integers and booleans as floatx.
"""

from kmb_core.ops import rules
from kmb_core.ops.declaration import composite, primitive
from kmb_core.typing import Floating, Promoted, Tensor, TensorLike


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
def logical_not(x: TensorLike) -> Tensor:
    """Where x is false; for numbers, where it is zero.

    Args:
        x: tensor of any dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.logical_not([True, False])]
        [False, True]
    """
    return rules.typed(x, "bool")


@primitive
def exp(x: Floating) -> Tensor:
    """The exponential function, element by element.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.exp(0))
        1.0
    """
    return rules.same(x)


@composite
def square(x: Promoted) -> Tensor:
    """The square of each element; for booleans, the element.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.square(3.0))
        9.0
    """
    return multiply(x, x)
