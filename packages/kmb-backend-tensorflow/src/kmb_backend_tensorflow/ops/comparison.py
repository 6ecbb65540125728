"""Comparisons, logic and choice on TensorFlow tensors; booleans, which TensorFlow does not order, through logic."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import FLOATS, cast
from kmb_backend_tensorflow.raw import raw_op

_and, _or, _not = raw_op("LogicalAnd"), raw_op("LogicalOr"), raw_op("LogicalNot")
_less, _less_equal = raw_op("Less"), raw_op("LessEqual")
_select = raw_op("SelectV2")
_isnan, _isfinite, _isinf = raw_op("IsNan"), raw_op("IsFinite"), raw_op("IsInf")

equal = raw_op("Equal")
not_equal = raw_op("NotEqual")


def less(x1: Any, x2: Any) -> Any:
    """Smaller; False comes before True."""
    return _and(_not(x1), x2) if x1.dtype is tf.bool else _less(x1, x2)


def less_equal(x1: Any, x2: Any) -> Any:
    """Smaller or equal."""
    return _or(_not(x1), x2) if x1.dtype is tf.bool else _less_equal(x1, x2)


_greater, _greater_equal = raw_op("Greater"), raw_op("GreaterEqual")


def greater(x1: Any, x2: Any) -> Any:
    """Greater."""
    return _and(x1, _not(x2)) if x1.dtype is tf.bool else _greater(x1, x2)


def greater_equal(x1: Any, x2: Any) -> Any:
    """Greater or equal."""
    return _or(x1, _not(x2)) if x1.dtype is tf.bool else _greater_equal(x1, x2)


def _truth(x: Any) -> Any:
    return cast(x, tf.bool) if hasattr(x, "dtype") else bool(x)


def logical_and(x1: Any, x2: Any) -> Any:
    """Both; numbers are true unless they are zero."""
    return _and(_truth(x1), _truth(x2))


def logical_or(x1: Any, x2: Any) -> Any:
    """Either."""
    return _or(_truth(x1), _truth(x2))


def logical_xor(x1: Any, x2: Any) -> Any:
    """One and not the other."""
    return not_equal(_truth(x1), _truth(x2))


def logical_not(x: Any) -> Any:
    """False becomes true."""
    return _not(_truth(x))


def isnan(x: Any) -> Any:
    """Where x is NaN; never for what is no float."""
    return _isnan(x) if x.dtype in FLOATS else tf.zeros_like(x, tf.bool)


def isfinite(x: Any) -> Any:
    """Where x is neither NaN nor infinite."""
    return _isfinite(x) if x.dtype in FLOATS else tf.ones_like(x, tf.bool)


def isinf(x: Any) -> Any:
    """Where x is infinite."""
    return _isinf(x) if x.dtype in FLOATS else tf.zeros_like(x, tf.bool)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds, else x2; with the condition alone the indices where it holds, axis by axis."""
    condition = _truth(condition)
    if x1 is None or x2 is None:
        found = tf.where(condition)
        return tuple(cast(column, tf.int32) for column in tf.unstack(found, axis=1))
    return _select(condition, x1, x2)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """NaN and infinities replaced; None means the dtype's largest and smallest number."""
    if x.dtype not in FLOATS:
        return x
    for where_, value in (
        (_isnan(x), nan),
        (tf.equal(x, float("inf")), x.dtype.max if posinf is None else posinf),
        (tf.equal(x, float("-inf")), x.dtype.min if neginf is None else neginf),
    ):
        x = _select(where_, tf.constant(value, x.dtype), x)
    return x
