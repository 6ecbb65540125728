"""Moments in one fused pass per statistic. The core's own serve for the rest: TensorFlow fuses them."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, cast
from kmb_backend_tensorflow.raw import raw_op

_mean, _squared_difference, _squeeze = raw_op("Mean"), raw_op("SquaredDifference"), raw_op("Squeeze")


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance; those of 16-bit numbers by way of float32."""
    dtype = x.dtype
    x = cast(x, HALVES_AS_FLOAT32.get(dtype, dtype))
    axes = [axes] if isinstance(axes, int) else list(axes)
    if not axes:
        return cast(x, dtype), tf.zeros_like(x, dtype)
    center = _mean(x, axes, True)
    variance = _mean(_squared_difference(x, tf.stop_gradient(center)), axes, keepdims)
    if not keepdims:
        center = _squeeze(center, axes)
    return cast(center, dtype), cast(variance, dtype)
