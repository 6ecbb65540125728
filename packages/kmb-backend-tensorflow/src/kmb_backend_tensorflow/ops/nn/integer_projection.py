"""The product of 8-bit integers in floats that hold every sum: TensorFlow's integer kernels are plain loops."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import cast
from kmb_backend_tensorflow.ops.products import matmul

_EXACT_IN_FLOAT32 = 1024  # as many products of int8 sum up to 2^24 at most


def integer_dense(x: Any, kernel: Any) -> Any:
    """x @ kernel, in int32."""
    if x.dtype != tf.int8 or kernel.dtype != tf.int8 or len(kernel.shape) != 2:
        raise ValueError("no 8-bit integers, or the kernel is no matrix")  # the declaration says it in full
    summed = kernel.shape[0]
    exact = tf.float32 if summed is not None and summed <= _EXACT_IN_FLOAT32 else tf.float64
    return cast(matmul(cast(x, exact), cast(kernel, exact)), tf.int32)
