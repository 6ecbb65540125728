"""Moments in one fused pass per statistic, a batch by its own in one. The core's own serve for the rest."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, cast
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.replicas import here
from kmb_core.plugins.contract import DECLARED
from kmb_core.shapes import normalize_axis

LEAST_EPSILON = 1.001e-5  # that the kernel takes on every device
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
    if synchronized and here.replica is not None:
        mean, variance = here.replica.moments(center if keepdims else _squeeze(center, axes), variance)
        return cast(mean, dtype), cast(variance, dtype)
    if not keepdims:
        center = _squeeze(center, axes)
    return cast(center, dtype), cast(variance, dtype)


def normalize_batch(
    x: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """TensorFlow's own kernel, whose backward pass is one too, where the channels stand last."""
    rank = x.shape.rank
    axis = normalize_axis(axis, rank, "ops.normalize_batch")
    channels = x.shape[axis]
    fitting = all(given is None or given.shape == (channels,) for given in (offset, scale))
    if rank < 2 or axis != rank - 1 or not channels or not fitting or x.dtype != tf.float32 or epsilon < LEAST_EPSILON:
        return DECLARED["normalize_batch"].body(x, axis, offset, scale, epsilon)
    ones, zeros = tf.ones(channels), tf.zeros(channels)
    flat = x if rank == 4 else tf.reshape(x, (-1, 1, 1, channels))
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=flat,
        scale=ones if scale is None else scale,
        offset=zeros if offset is None else offset,
        mean=zeros[:0],
        variance=zeros[:0],
        epsilon=epsilon,
    )
    outputs = outputs if rank == 4 else tf.reshape(outputs, tf.shape(x))
    outputs.set_shape(x.shape)
    count = tf.cast(tf.size(x, tf.int64) // channels, tf.float32)
    variance *= (count - 1) / count  # the kernel divides by one less
    return outputs, tf.stop_gradient(mean), tf.stop_gradient(variance)
