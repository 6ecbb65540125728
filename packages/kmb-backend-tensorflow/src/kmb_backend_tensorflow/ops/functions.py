"""Elementary functions: TensorFlow's kernels as they are."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, through
from kmb_backend_tensorflow.raw import raw_op

sqrt, rsqrt = raw_op("Sqrt"), raw_op("Rsqrt")
exp, expm1, log, log1p = raw_op("Exp"), raw_op("Expm1"), raw_op("Log"), raw_op("Log1p")
sin, cos, tan = raw_op("Sin"), raw_op("Cos"), raw_op("Tan")
arcsin, arccos, arctan, _arctan2 = raw_op("Asin"), raw_op("Acos"), raw_op("Atan"), raw_op("Atan2")
sinh, cosh, tanh = raw_op("Sinh"), raw_op("Cosh"), raw_op("Tanh")
arcsinh, arccosh, arctanh = raw_op("Asinh"), raw_op("Acosh"), raw_op("Atanh")
_erf, _maximum, _minimum = raw_op("Erf"), raw_op("Maximum"), raw_op("Minimum")


def erf(x: Any) -> Any:
    """The error function. TensorFlow's is NaN for infinite float64; beyond 10 it is 1 to the last bit."""
    return _erf(_minimum(_maximum(x, -10.0), 10.0)) if x.dtype is tf.float64 else _erf(x)


erfinv = through(HALVES_AS_FLOAT32, raw_op("Erfinv"))
erfc = raw_op("Erfc")


def arctan2(x1: Any, x2: Any) -> Any:
    """The angle of the point (x2, x1); at the origin its derivatives are 0, not NaN."""
    x2 = tf.convert_to_tensor(x2, x1.dtype)
    origin = tf.logical_and(tf.equal(x1, 0), tf.equal(x2, 0))
    angle = _arctan2(x1, tf.where(origin, tf.ones_like(x2), x2))
    return tf.where(origin, tf.stop_gradient(_arctan2(x1, x2)), angle)
