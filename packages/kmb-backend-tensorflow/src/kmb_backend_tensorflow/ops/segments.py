"""Reductions of segments: TensorFlow's kernels, which leave out negative numbers; too large ones are made negative.

Empty segments of floats get infinities, for TensorFlow's have the least and the largest number instead.
"""

import math
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import FLOATS, cast
from kmb_backend_tensorflow.raw import raw_op
from kmb_core.ops import segments as declared

_SUM, _PRODUCT = raw_op("UnsortedSegmentSum"), raw_op("UnsortedSegmentProd")
_MAX, _MIN = raw_op("UnsortedSegmentMax"), raw_op("UnsortedSegmentMin")
_INDICES = frozenset((tf.int32, tf.int64))


def _arguments(data: Any, ids: Any, count: Any, op: str) -> tuple[Any, Any, Any]:
    known = ids.shape.rank
    if not data.shape[:known].is_compatible_with(ids.shape) or (isinstance(count, int) and count < 0):
        raise ValueError("data begins with the shape of the numbers")  # the declaration says it in full
    ids = ids if ids.dtype in _INDICES else cast(ids, tf.int64)
    if count is None:
        count = declared.segment_count(ids, op)
    ids = tf.where(ids < count, ids, -1)
    return (cast(data, tf.int32) if data.dtype is tf.bool else data), ids, count


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """TensorFlow's."""
    return cast(_SUM(*_arguments(data, segment_ids, num_segments, "segment_sum")), data.dtype)


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """TensorFlow's."""
    return cast(_PRODUCT(*_arguments(data, segment_ids, num_segments, "segment_prod")), data.dtype)


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """TensorFlow's, with -inf for nothing."""
    return _bounded(_MAX, data, segment_ids, num_segments, "segment_max", -math.inf)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """TensorFlow's, with inf for nothing."""
    return _bounded(_MIN, data, segment_ids, num_segments, "segment_min", math.inf)


def _bounded(kernel: Any, data: Any, ids: Any, count: int | None, op: str, bound: float) -> Any:
    dtype = data.dtype
    data, ids, count = _arguments(data, ids, count, op)
    joined = kernel(data, ids, count)
    if dtype in FLOATS:
        empty = tf.equal(_SUM(tf.ones_like(ids), ids, count), 0)
        empty = tf.reshape(empty, tf.concat([tf.shape(empty), tf.ones_like(tf.shape(joined)[1:])], 0))
        return tf.where(empty, tf.constant(bound, dtype), joined)
    return joined > 0 if dtype is tf.bool else joined
