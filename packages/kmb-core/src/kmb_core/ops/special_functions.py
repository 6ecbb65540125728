"""Elementary functions that are seldom needed, and Bessel's."""

import math

from kmb_core.ops import rules
from kmb_core.ops.arithmetic import (
    absolute,
    add,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    sign,
    subtract,
    true_divide,
)
from kmb_core.ops.comparison import equal, isfinite, logical_and, logical_or, not_equal, where
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.functions import log1p, sin, sqrt
from kmb_core.ops.operands import beside
from kmb_core.typing import Floating, Tensor


@composite
def cbrt(x: Floating) -> Tensor:
    """The cube root; of negative numbers too.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.cbrt(-8.0)), 4)
        -2.0
    """
    inside = logical_and(isfinite(x), not_equal(x, 0))
    safe = where(inside, x, beside(x, 1.0))
    root = multiply(sign(safe), power(absolute(safe), 1 / 3))
    square = multiply(root, root)
    # 1/3 is no binary number: one step of Newton's method mends what its rounding costs
    root = subtract(root, true_divide(subtract(multiply(square, root), safe), multiply(square, 3.0)))
    return where(inside, root, x)


@composite
def exp2(x: Floating) -> Tensor:
    """2 to the power of x.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.exp2(3.0))
        8.0
    """
    return power(beside(x, 2.0), x)


@composite
def deg2rad(x: Floating) -> Tensor:
    """Degrees as radians.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.deg2rad(180.0)), 4)
        3.1416
    """
    return multiply(x, math.pi / 180)


@composite
def rad2deg(x: Floating) -> Tensor:
    """Radians as degrees.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.rad2deg(3.14159265)), 3)
        180.0
    """
    return multiply(x, 180 / math.pi)


@composite
def sinc(x: Floating) -> Tensor:
    """`sin(πx) / πx`; 1 at 0.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.sinc(0.0))
        1.0
    """
    angle = multiply(x, math.pi)
    at_zero = equal(angle, 0)
    safe = where(at_zero, beside(x, 1.0), angle)
    return where(at_zero, beside(x, 1.0), true_divide(sin(safe), safe))


@primitive
def i0(x: Floating) -> Tensor:
    """The modified Bessel function of the first kind and order 0.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.i0(0.0)), 5)
        1.0
    """
    return rules.same(x)


@composite
def hypot(x1: Floating, x2: Floating) -> Tensor:
    """`sqrt(x1² + x2²)` without overflow: the length of a right triangle's long side.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. Integers and booleans are taken as floatx.

    Returns:
        The broadcast shape, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.hypot(3.0, 4.0))
        5.0
    """
    x1, x2 = absolute(x1), absolute(beside(x1, x2))
    large, small = maximum(x1, x2), minimum(x1, x2)
    endless = logical_or(equal(x1, float("inf")), equal(x2, float("inf")))  # beside NaN too
    exact = logical_or(equal(large, 0), endless)
    scale = where(exact, beside(x1, 1.0), large)
    ratio = true_divide(small, scale)
    length = multiply(scale, sqrt(add(multiply(ratio, ratio), 1.0)))
    return where(endless, beside(x1, float("inf")), where(exact, large, length))


@composite
def logaddexp2(x1: Floating, x2: Floating) -> Tensor:
    """`log2(2**x1 + 2**x2)` without overflow.

    Args:
        x1, x2: tensors of any dtype; their shapes broadcast. Integers and booleans are taken as floatx.

    Returns:
        The broadcast shape, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.logaddexp2(1.0, 1.0))
        2.0
    """
    x2 = beside(x1, x2)
    larger = maximum(x1, x2)
    difference = negative(absolute(subtract(x1, x2)))
    sum_of_both = add(larger, multiply(log1p(exp2(difference)), 1 / math.log(2)))
    # Equal infinities have no difference; half of each, so that both get their half of the gradient.
    return where(equal(x1, x2), add(add(multiply(x1, 0.5), multiply(x2, 0.5)), 1.0), sum_of_both)
