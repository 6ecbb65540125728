"""Bits: TensorFlow's kernels, with logic for booleans, and shifts by the width or more as NumPy has them."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import UNSIGNED, native_dtype
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_shape, dynamic_shape

_left, _right = raw_op("LeftShift"), raw_op("RightShift")


def _bits(bitwise: Callable[..., Any], logical: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: logical(x, y) if x.dtype is tf.bool else bitwise(x, y)


bitwise_and = _bits(raw_op("BitwiseAnd"), raw_op("LogicalAnd"))
bitwise_or = _bits(raw_op("BitwiseOr"), raw_op("LogicalOr"))
bitwise_xor = _bits(raw_op("BitwiseXor"), raw_op("NotEqual"))


def bitwise_not(x: Any) -> Any:
    """Every bit turned round."""
    return tf.logical_not(x) if x.dtype is tf.bool else tf.bitwise.invert(x)


bitwise_invert = bitwise_not


def _emptied(shifted: Any, y: Any) -> Any:
    return tf.where(tf.less(y, 8 * shifted.dtype.size), shifted, tf.zeros((), shifted.dtype))


def bitwise_left_shift(x: Any, y: Any) -> Any:
    """Bits moved up."""
    y = tf.convert_to_tensor(y, x.dtype)
    return _emptied(_left(x, y), y)


def bitwise_right_shift(x: Any, y: Any) -> Any:
    """Bits moved down."""
    y = tf.convert_to_tensor(y, x.dtype)
    shifted = _right(x, y)
    return _emptied(shifted, y) if x.dtype in UNSIGNED else shifted


left_shift, right_shift = bitwise_left_shift, bitwise_right_shift


def view(x: Any, dtype: Any = None) -> Any:
    """The same bits under another dtype; TensorFlow keeps the parts of a wider element on an axis of their own."""
    target = x.dtype if dtype is None else native_dtype(dtype)
    given, wanted = x.dtype.size, target.size
    if given == wanted:
        return tf.bitcast(x, target)
    sizes = dynamic_shape(x)
    if given > wanted:
        return tf.reshape(tf.bitcast(x, target), as_shape([*sizes[:-1], sizes[-1] * (given // wanted)]))
    parts = wanted // given
    return tf.bitcast(tf.reshape(x, as_shape([*sizes[:-1], sizes[-1] // parts, parts])), target)
