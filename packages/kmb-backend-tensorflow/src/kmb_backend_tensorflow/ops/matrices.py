"""Determinants: TensorFlow's, in float32 for 16-bit floats."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, cast


def slogdet(x: Any) -> tuple[Any, Any]:
    """Signs and logarithms of determinants."""
    sign, size = tf.linalg.slogdet(cast(x, HALVES_AS_FLOAT32.get(x.dtype, x.dtype)))
    return cast(sign, x.dtype), cast(size, x.dtype)
