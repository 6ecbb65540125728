"""Arithmetic that has a rule of its own for zeros, NaN or signs."""

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_float
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, maximum, minimum, mod, multiply, sign, true_divide
from kmb_core.ops.comparison import equal, greater, isnan, where
from kmb_core.ops.creation import cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.operands import beside
from kmb_core.typing import Floating, Number, Promoted, Tensor


@composite
def divide_no_nan(x1: Floating, x2: Floating) -> Tensor:
    """The quotient `x1 / x2`; 0 where x2 is 0.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. Integers and booleans are taken as floatx.

    Returns:
        The broadcast shape, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.divide_no_nan(3.0, 0.0))
        0.0
    """
    x2 = beside(x1, x2)
    nothing = equal(x2, 0)
    quotient = true_divide(x1, where(nothing, beside(x1, 1.0), x2))
    return where(nothing, beside(x1, 0.0), quotient)


@composite
def fabs(x: Floating) -> Tensor:
    """The absolute value as a floating-point number.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.fabs(-3))
        3.0
    """
    return absolute(x)


@composite
def fmax(x1: Promoted, x2: Promoted) -> Tensor:
    """The larger of two elements; the other one where one is NaN.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.fmax(float("nan"), 1.0))
        1.0
    """
    larger = maximum(x1, x2)
    return _without_nan(larger, x1, x2)


@composite
def fmin(x1: Promoted, x2: Promoted) -> Tensor:
    """The smaller of two elements; the other one where one is NaN.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.fmin(float("nan"), 1.0))
        1.0
    """
    smaller = minimum(x1, x2)
    return _without_nan(smaller, x1, x2)


def _without_nan(chosen: Tensor, x1: Tensor, x2: Tensor) -> Tensor:
    """What was chosen, but the other one where one is NaN."""
    if isinstance(chosen, KerasTensor) or not is_float(dtype_of(x1)):
        return chosen
    x2 = beside(x1, x2)
    return where(isnan(x1), x2, where(isnan(x2), x1, chosen))


@composite
def fmod(x1: Number, x2: Number) -> Tensor:
    """The remainder of `x1 / x2`, with the sign of x1.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast. Booleans are taken as int32.

    Returns:
        The broadcast shape, in the promoted dtype; by zero, 0 for integers and NaN for floats.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.fmod([3.0, -3.0], 2.0)]
        [1.0, -1.0]
    """
    if isinstance(x1, KerasTensor):
        return rules.broadcast(x1, x2, "fmod")
    return multiply(sign(x1), mod(absolute(x1), absolute(beside(x1, x2))))


@composite
def heaviside(x1: Floating, x2: Floating) -> Tensor:
    """Heaviside's step function: 0 below zero, x2 at zero, 1 above; NaN for NaN.

    Args:
        x1: tensor of any dtype; where it is looked up.
        x2: tensor of any dtype; the value at zero. The shapes broadcast.

    Returns:
        The broadcast shape, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.heaviside([-1.0, 0.0, 2.0], 0.5)]
        [0.0, 0.5, 1.0]
    """
    step = where(equal(x1, 0), x2, cast(greater(x1, 0), dtype_of(x1)))
    return where(isnan(x1), x1, step)
