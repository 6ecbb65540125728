"""Exponentials, logarithms, trigonometry and the error function, element by element.

Their results are no integers, so integers and booleans are taken as floatx. Composites use the form that keeps accuracy
where the textbook's one cancels.
"""

import math

from kmb_core.backend import dtype_of
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, add, maximum, minimum, multiply, negative, sign, subtract, true_divide
from kmb_core.ops.comparison import equal, greater, less, where
from kmb_core.ops.creation import ones_like, zeros_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.operands import beside
from kmb_core.typing import Floating, Tensor


@primitive
def sqrt(x: Floating) -> Tensor:
    """The non-negative square root; NaN for negative numbers.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.sqrt(9))
        3.0
    """
    return rules.same(x)


@composite(saved_module="keras.src.ops.math")
def rsqrt(x: Floating) -> Tensor:
    """The reciprocal of the square root.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.rsqrt(4.0))
        0.5
    """
    return true_divide(1.0, sqrt(x))


@primitive
def exp(x: Floating) -> Tensor:
    """The exponential function.

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


@primitive
def expm1(x: Floating) -> Tensor:
    """`exp(x) - 1`, exact near zero.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.expm1(0.0))
        0.0
    """
    return rules.same(x)


@primitive
def log(x: Floating) -> Tensor:
    """The natural logarithm; minus infinity at zero, NaN below.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.log(1.0))
        0.0
    """
    return rules.same(x)


@primitive
def log1p(x: Floating) -> Tensor:
    """`log(1 + x)`, exact near zero.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.log1p(0.0))
        0.0
    """
    return rules.same(x)


@composite
def log2(x: Floating) -> Tensor:
    """The logarithm to base 2.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.log2(8.0)), 4)
        3.0
    """
    return multiply(log(x), 1 / math.log(2))


@composite
def log10(x: Floating) -> Tensor:
    """The logarithm to base 10.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.log10(100.0)), 4)
        2.0
    """
    return multiply(log(x), 1 / math.log(10))


@composite
def logaddexp(x1: Floating, x2: Floating) -> Tensor:
    """`log(exp(x1) + exp(x2))` without overflow.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast. Integers are taken as floatx.

    Returns:
        The broadcast shape, in the floating dtype.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.logaddexp(0.0, 0.0)), 4)
        0.6931
    """
    x2 = beside(x1, x2)
    larger = maximum(x1, x2)
    difference = negative(absolute(subtract(x1, x2)))
    sum_of_both = add(larger, log1p(exp(difference)))
    # Equal infinities have no difference; half of each, so that both get their half of the gradient.
    return where(equal(x1, x2), add(add(multiply(x1, 0.5), multiply(x2, 0.5)), math.log(2)), sum_of_both)


def root_of_squares(total: Tensor) -> Tensor:
    """The square root of a sum of squares; where that is 0, its minimum, the derivative is 0 and not NaN."""
    least = equal(total, 0)
    return where(least, total, sqrt(where(least, ones_like(total), total)))


@primitive
def sin(x: Floating) -> Tensor:
    """The sine of an angle in radians.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.sin(0.0))
        0.0
    """
    return rules.same(x)


@primitive
def cos(x: Floating) -> Tensor:
    """The cosine of an angle in radians.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.cos(0.0))
        1.0
    """
    return rules.same(x)


@primitive
def tan(x: Floating) -> Tensor:
    """The tangent of an angle in radians.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.tan(0.0))
        0.0
    """
    return rules.same(x)


@primitive
def arcsin(x: Floating) -> Tensor:
    """The angle in [-π/2, π/2] whose sine is x; NaN outside of [-1, 1].

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arcsin(1.0)), 4)
        1.5708
    """
    return rules.same(x)


@primitive
def arccos(x: Floating) -> Tensor:
    """The angle in [0, π] whose cosine is x; NaN outside of [-1, 1].

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arccos(0.0)), 4)
        1.5708
    """
    return rules.same(x)


@primitive
def arctan(x: Floating) -> Tensor:
    """The angle in (-π/2, π/2) whose tangent is x.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arctan(1.0)), 4)
        0.7854
    """
    return rules.same(x)


@primitive
def arctan2(x1: Floating, x2: Floating) -> Tensor:
    """The angle in [-π, π] of the point (x2, x1) as seen from the origin.

    Args:
        x1, x2: ordinates and abscissas; their shapes broadcast.

    Returns:
        The broadcast shape, in the floating dtype; radians.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arctan2(1.0, 0.0)), 4)
        1.5708
    """
    return rules.broadcast(x1, x2, "arctan2")


@primitive
def sinh(x: Floating) -> Tensor:
    """The hyperbolic sine.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.sinh(0.0))
        0.0
    """
    return rules.same(x)


@primitive
def cosh(x: Floating) -> Tensor:
    """The hyperbolic cosine.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.cosh(0.0))
        1.0
    """
    return rules.same(x)


@primitive
def tanh(x: Floating) -> Tensor:
    """The hyperbolic tangent.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.tanh(0.0))
        0.0
    """
    return rules.same(x)


@composite
def arcsinh(x: Floating) -> Tensor:
    """The inverse of the hyperbolic sine.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arcsinh(1.0)), 4)
        0.8814
    """
    largest = {"float16": 2.0**7, "float64": 2.0**500}.get(dtype_of(x), 2.0**60)  # whose square is a number
    size = minimum(absolute(x), largest)
    root = sqrt(add(multiply(size, size), 1.0))
    # log1p(|x| + x² / (1 + sqrt(x² + 1))) is exact near zero, where log(x + sqrt(x² + 1)) cancels
    growth = true_divide(multiply(size, size), add(root, 1.0))
    beyond = greater(absolute(x), largest)
    twice = add(log(where(beyond, absolute(x), ones_like(size))), math.log(2.0))  # the same in every digit
    return multiply(sign(x), where(beyond, twice, log1p(add(size, growth))))


@composite
def arccosh(x: Floating) -> Tensor:
    """The inverse of the hyperbolic cosine; NaN below 1.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arccosh(1.0)), 4)
        0.0
    """
    less_one = subtract(x, 1.0)
    return log1p(add(less_one, sqrt(multiply(less_one, add(x, 1.0)))))


@composite
def arctanh(x: Floating) -> Tensor:
    """The inverse of the hyperbolic tangent; NaN outside of [-1, 1].

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.arctanh(0.5)), 4)
        0.5493
    """
    return multiply(subtract(log1p(x), log1p(negative(x))), 0.5)


@primitive(saved_module="keras.src.ops.math")
def erf(x: Floating) -> Tensor:
    """The error function, 2/√π times the integral of exp(-t²) from 0 to x.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.erf(1.0)), 4)
        0.8427
    """
    return rules.same(x)


@composite(saved_module="keras.src.ops.math")
def erfc(x: Floating) -> Tensor:
    """The complementary error function, `1 - erf(x)`, which keeps its digits where erf is nearly 1.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.erfc(1.0)), 4)
        0.1573
    """
    size = absolute(x)
    place = true_divide(2.0, add(size, 2.0))  # from 0 at infinity to 1 at 0
    twice = multiply(subtract(multiply(place, 2.0), 1.0), 2.0)
    total = previous = zeros_like(place)
    for coefficient in reversed(_SCALED_ERFC[1:]):  # Clenshaw's recurrence
        total, previous = subtract(add(multiply(twice, total), coefficient), previous), total
    series = add(subtract(multiply(multiply(twice, 0.5), total), previous), _SCALED_ERFC[0])
    tail = multiply(multiply(place, exp(negative(multiply(x, x)))), series)
    return where(less(x, 0.0), subtract(2.0, tail), tail)


# Chebyshev coefficients of exp(x²) erfc(x) / t on 0 ≤ t ≤ 1, t = 2 / (2 + x), worked out with 50 digits: what is left
# of the series is below 1e-16.
_SCALED_ERFC = (
    0.5770337386164697, 0.3554369212704985, 0.06509515882878653, 0.003671142395836639, -0.0011128447433526325,
    -0.0001607582991537808, 3.278031574173137e-05, 5.442441645505016e-06, -1.5154665553171482e-06,
    -1.4297608181169865e-07, 8.234608827419493e-08, -1.2962846852306563e-09, -4.154721631015199e-09,
    6.347058278362811e-10, 1.4320822712256225e-10, -6.160390105204585e-11, 2.0612138554721698e-12,
    3.5714931488477042e-12, -8.586422843251796e-13, -6.14560021379063e-14, 7.418725748596617e-14,
    -1.2895042755032325e-14, -2.358726385710632e-15, 1.5729349381685912e-15, -2.2782966239546465e-16,
)  # fmt: skip


@primitive(saved_module="keras.src.ops.math")
def erfinv(x: Floating) -> Tensor:
    """The inverse of the error function; infinite at ±1, NaN outside of [-1, 1].

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.erfinv(0.5)), 4)
        0.4769
    """
    return rules.same(x)
