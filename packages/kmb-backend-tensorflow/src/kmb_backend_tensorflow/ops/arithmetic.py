"""Arithmetic and rounding on TensorFlow tensors.

Where TensorFlow's kernel means the same it is bound as it is. Wrappers are for dtypes without a kernel (bool sums,
unsigned negation) and for integer division by zero, which is an error in TensorFlow and 0 in NumPy.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import (
    DTYPES,
    FLOATS,
    HALVES_AS_FLOAT32,
    INTEGERS,
    UNSIGNED,
    UNSIGNED_AS_SIGNED,
    as_dtype,
    cast,
    paired,
    through,
)
from kmb_backend_tensorflow.raw import raw_op
from kmb_core.dtypes import result_type

_add, _subtract, _multiply = raw_op("AddV2"), raw_op("Sub"), raw_op("Mul")
_and, _or = raw_op("LogicalAnd"), raw_op("LogicalOr")
_maximum, _minimum, _less = raw_op("Maximum"), raw_op("Minimum"), raw_op("Less")
_floor, _ceil, _rint = raw_op("Floor"), raw_op("Ceil"), through(HALVES_AS_FLOAT32, raw_op("Rint"))
_absolute, _sign, _select, _zeros_like = raw_op("Abs"), raw_op("Sign"), raw_op("SelectV2"), raw_op("ZerosLike")
_floor_divide, _mod = raw_op("FloorDiv"), raw_op("FloorMod")


def add(x1: Any, x2: Any) -> Any:
    """Sum; "or" for booleans."""
    return _or(x1, x2) if x1.dtype is tf.bool else _add(x1, x2)


subtract = _subtract


def multiply(x1: Any, x2: Any) -> Any:
    """Product; "and" for booleans."""
    return _and(x1, x2) if x1.dtype is tf.bool else _multiply(x1, x2)


true_divide = divide = raw_op("RealDiv")


def floor_divide(x1: Any, x2: Any) -> Any:
    """The quotient rounded down, exact also where dividing floats rounds up to a whole number."""
    if x1.dtype not in FLOATS:
        return _without_zeros(_floor_divide, x1, x2)
    x2 = tf.convert_to_tensor(x2, x1.dtype)  # it may be a Python number
    rest = _remainder(x1, x2)
    whole = _rint(divide(_subtract(x1, rest), x2))
    below = tf.logical_and(tf.not_equal(rest, 0.0), tf.not_equal(_less(rest, 0.0), tf.less(x2, 0.0)))
    return _select(tf.equal(x2, 0.0), divide(x1, x2), _subtract(whole, cast(below, x1.dtype)))


_remainder = paired(HALVES_AS_FLOAT32, raw_op("TruncateMod"))


def mod(x1: Any, x2: Any) -> Any:
    """The remainder, with the sign of the divisor."""
    return _mod(x1, x2) if x1.dtype in FLOATS else _without_zeros(_mod, x1, x2)


def _without_zeros(function: Callable[..., Any], x1: Any, x2: Any) -> Any:
    """An integer division in which what is divided by zero gives 0."""
    if x2.__class__ is int and x2 != 0:
        return function(x1, x2)
    by_zero = tf.equal(x2, tf.zeros((), x1.dtype))
    quotient = function(x1, _select(by_zero, tf.ones((), x1.dtype), x2))
    return _select(by_zero, _zeros_like(quotient), quotient)


_power = paired(UNSIGNED_AS_SIGNED, raw_op("Pow"))


def power(x1: Any, x2: Any) -> Any:
    """x1 to the power x2; 0 to the power 0 is 1, with derivative 0 and not NaN."""
    if not x1.dtype.is_floating:
        return _power(x1, x2)
    if not hasattr(x2, "dtype"):
        return _power(x1, x2) if x2 else tf.ones_like(x1)
    neither = tf.logical_and(tf.equal(x1, 0), tf.equal(x2, 0))
    return _power(tf.where(neither, tf.ones((), x1.dtype), x1), x2)


negative = through(UNSIGNED_AS_SIGNED, raw_op("Neg"))
_square = raw_op("Square")


def square(x: Any) -> Any:
    """x²; booleans as integers."""
    return _square(x) if x.dtype != tf.bool else cast(x, tf.int32)


reciprocal = raw_op("Reciprocal")


def absolute(x: Any) -> Any:
    """Magnitude; what has no sign is itself."""
    if x.dtype in FLOATS:
        return _absolute(x)
    return x if x.dtype is tf.bool or x.dtype in UNSIGNED else tf.abs(x)


abs = absolute  # the op's public name


def sign(x: Any) -> Any:
    """-1, 0 or 1; NaN for NaN."""
    return cast(tf.not_equal(x, tf.zeros((), x.dtype)), x.dtype) if x.dtype in UNSIGNED else _sign(x)


def maximum(x1: Any, x2: Any) -> Any:
    """The larger one; NaN where either is NaN."""
    return _or(x1, x2) if x1.dtype is tf.bool else _maximum(x1, x2)


def minimum(x1: Any, x2: Any) -> Any:
    """The smaller one; NaN where either is NaN."""
    return _and(x1, x2) if x1.dtype is tf.bool else _minimum(x1, x2)


floor, ceil = _floor, _ceil


def trunc(x: Any) -> Any:
    """The next integer towards zero; what is no float is itself."""
    return _select(_less(x, 0.0), _ceil(x), _floor(x)) if x.dtype in FLOATS else x


def round(x: Any, decimals: int = 0) -> Any:
    """To a number of decimals, halves to even; negative ones round integers too."""
    if x.dtype not in FLOATS:
        return x if decimals >= 0 or x.dtype == tf.bool else cast(round(cast(x, tf.float64), decimals), x.dtype)
    if decimals == 0:
        return _rint(x)
    scale = 10.0**-decimals if decimals < 0 else 10.0**decimals
    return _multiply(_rint(divide(x, scale)), scale) if decimals < 0 else divide(_rint(_multiply(x, scale)), scale)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """x kept between two bounds; where they cross, the upper one counts."""
    if not (_keeps(x, x_min) and _keeps(x, x_max)):
        kinds = [bound.dtype if hasattr(bound, "dtype") else type(bound) for bound in (x_min, x_max)]
        target = DTYPES[result_type(x.dtype.name, *kinds)]
        x, x_min, x_max = (as_dtype(value, target) for value in (x, x_min, x_max))
    return minimum(maximum(x, x_min), x_max)


def _keeps(x: Any, bound: Any) -> bool:
    """Whether a bound leaves x in its dtype."""
    if bound.__class__ is float or bound.__class__ is int:
        return x.dtype in FLOATS or (bound.__class__ is int and x.dtype in INTEGERS)
    return getattr(bound, "dtype", None) is x.dtype
