"""Adaptive pooling: the declared composites, and the same where only the running graph knows the sizes."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import cast
from kmb_backend_tensorflow.ops.nn.convolution import per_axis
from kmb_backend_tensorflow.shapes import dynamic_shape
from kmb_core.ops.nn import adaptive_pooling as declared
from kmb_core.settings import standardize_data_format


def adaptive_average_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """The mean of each of so many windows."""
    if None not in inputs.shape[1:]:
        return declared.adaptive_average_pool.op.body(inputs, output_size, data_format)  # type: ignore[attr-defined]  # every declared op has its declaration
    wide = cast(inputs, tf.float32) if inputs.dtype.size == 2 else inputs
    return cast(_along_axes(_means, wide, output_size, data_format), inputs.dtype)


def adaptive_max_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """The largest element of each of so many windows."""
    if None not in inputs.shape[1:]:
        return declared.adaptive_max_pool.op.body(inputs, output_size, data_format)  # type: ignore[attr-defined]  # every declared op has its declaration
    return _along_axes(_maxima, inputs, output_size, data_format)


def _along_axes(pool: Callable[[Any, int, int], Any], x: Any, output_size: Any, data_format: str | None) -> Any:
    counts = per_axis(output_size, len(x.shape) - 2, "output_size")
    first = 1 if standardize_data_format(data_format) == "channels_last" else 2
    shape = x.shape.as_list()
    for axis, count in enumerate(counts, first):
        x = pool(x, axis, count)
        shape[axis] = count
    return tf.ensure_shape(x, shape)


def _means(x: Any, axis: int, count: int) -> Any:
    indices, present = _places(dynamic_shape(x)[axis], count)
    beside = (1,) * (len(x.shape) - axis - 1)
    gathered = tf.where(_followed(present, beside), tf.gather(x, indices, axis=axis), tf.zeros((), x.dtype))
    widths = tf.reduce_sum(tf.cast(present, x.dtype), 1)
    return tf.reduce_sum(gathered, axis + 1) / _followed(widths, beside)


def _maxima(x: Any, axis: int, count: int) -> Any:
    indices, _ = _places(dynamic_shape(x)[axis], count)
    gathered = tf.gather(x, indices, axis=axis)
    return tf.reduce_any(gathered, axis + 1) if x.dtype is tf.bool else tf.reduce_max(gathered, axis + 1)


def _followed(x: Any, ones: tuple[int, ...]) -> Any:
    return tf.reshape(x, (*x.shape[:1], *((-1,) if len(x.shape) == 2 else ()), *ones))


def _places(size: Any, count: int) -> tuple[Any, Any]:
    """Indices `(count, width)` of the elements of each window, the last one again in shorter ones; which are its own.

    Windows are at most one element longer than the shortest, or two where they overlap on both sides.
    """
    order = tf.range(count)
    starts, ends = order * size // count, -(-(order + 1) * size // count)
    indices = starts[:, None] + tf.range(tf.reduce_max(ends - starts))
    return tf.minimum(indices, ends[:, None] - 1), indices < ends[:, None]
