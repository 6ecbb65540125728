"""Places in sorted sequences: TensorFlow's kernels, which want rows."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, UNSIGNED_AS_SIGNED, cast
from kmb_backend_tensorflow.raw import raw_op

_BOUNDS = {"left": raw_op("LowerBound"), "right": raw_op("UpperBound")}
_WIDER = {tf.bool: tf.int32, tf.int8: tf.int32, tf.int16: tf.int32, **UNSIGNED_AS_SIGNED, **HALVES_AS_FLOAT32}
_WIDER[tf.uint8] = tf.int32


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where values would have to be put in."""
    if len(sorted_sequence.shape) != 1 or side not in _BOUNDS:
        raise ValueError("searchsorted: one axis, left or right")
    values = tf.convert_to_tensor(values, sorted_sequence.dtype)
    wide = _WIDER.get(values.dtype, values.dtype)
    rows = (tf.reshape(cast(part, wide), [1, -1]) for part in (sorted_sequence, values))
    return tf.reshape(_BOUNDS[side](*rows, tf.int32), tf.shape(values))
