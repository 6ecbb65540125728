"""Determinants: TensorFlow's, in float32 for 16-bit floats."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, through
from kmb_backend_tensorflow.ops.decompositions import narrowed, widened

det = through(HALVES_AS_FLOAT32, tf.linalg.det)


def slogdet(x: Any) -> tuple[Any, ...]:
    """Signs and logarithms of determinants; TensorFlow's logarithms of a complex matrix are complex."""
    sign, size = tf.linalg.slogdet(widened(x))
    return narrowed(x, sign, tf.math.real(size) if size.dtype.is_complex else size)
