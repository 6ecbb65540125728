"""Making tensors. Sizes may be scalar tensors inside of a graph."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES, as_dtype, cast, native_dtype
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_shape

__all__ = ["cast"]  # the op is the implementation's own function

_RANGES = frozenset((tf.int32, tf.int64, tf.float16, tf.bfloat16, tf.float32, tf.float64))
stop_gradient = raw_op("StopGradient")


def _target(dtype: Any, like: Any = None) -> tf.DType:
    return like.dtype if dtype is None and like is not None else native_dtype(dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A tensor of one value; an array value is broadcast."""
    target = _target(dtype)
    value = as_dtype(fill_value, target)
    return tf.broadcast_to(value, as_shape(shape))


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros."""
    return tf.zeros(as_shape(shape), _target(dtype))


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones."""
    return tf.ones(as_shape(shape), _target(dtype))


empty = zeros


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of x."""
    return tf.zeros_like(x, None if dtype is None else DTYPES[dtype])


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of x."""
    return tf.ones_like(x, None if dtype is None else DTYPES[dtype])


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of x."""
    return tf.broadcast_to(as_dtype(fill_value, _target(dtype, x)), tf.shape(x))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Evenly spaced values in [start, stop)."""
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    target = _arange_dtype(start, stop, step) if dtype is None else DTYPES[dtype]
    wide = target if target in _RANGES else tf.float64 if target.is_floating else tf.int64
    if target not in _RANGES and any(isinstance(v, float) for v in (start, stop, step)):
        wide = tf.float64
    start, stop, step = (as_dtype(value, wide) for value in (start, stop, step))
    # tf.range refuses a limit on the wrong side of the start
    stop = tf.where(step > 0, tf.maximum(start, stop), tf.minimum(start, stop))
    return cast(tf.range(start, stop, step), target)


def _arange_dtype(*limits: Any) -> tf.DType:
    for value in limits:
        if isinstance(value, float):
            return native_dtype(None)
        if getattr(value, "dtype", None) is not None:
            return native_dtype(value.dtype)
    return tf.int32


def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal."""
    target = _target(dtype)
    if k == 0 and isinstance(N, int) and isinstance(M, (int, type(None))) and target is not tf.bool:
        return tf.eye(N, M, dtype=target)
    rows = tf.range(N)[:, None]
    columns = tf.range(N if M is None else M)[None, :]
    return cast(tf.equal(columns - rows, k), target)


def identity(n: Any, dtype: Any = None) -> Any:
    """The identity matrix."""
    return eye(n, dtype=dtype)


def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones at and below a diagonal."""
    rows = tf.range(N)[:, None]
    columns = tf.range(N if M is None else M)[None, :]
    return cast(tf.less_equal(columns - rows, k), _target(dtype))


def tril(x: Any, k: int = 0) -> Any:
    """x with zeros above a diagonal of the last two axes."""
    return _where_triangle(x, lambda difference: difference <= k)


def triu(x: Any, k: int = 0) -> Any:
    """x with zeros below a diagonal of the last two axes."""
    return _where_triangle(x, lambda difference: difference >= k)


def _where_triangle(x: Any, keep: Any) -> Any:
    sizes = tf.shape(x)
    difference = tf.range(sizes[-1])[None, :] - tf.range(sizes[-2])[:, None]
    return tf.where(keep(difference), x, tf.zeros((), x.dtype))
