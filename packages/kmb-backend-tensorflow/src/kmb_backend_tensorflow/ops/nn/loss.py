"""Cross-entropies; that of class numbers with TensorFlow's fused kernel, which works out the gradient with the loss.

A wrong shape raises any error here; the core then says what is wrong with it, as on every backend.
"""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, INTEGERS, cast, native_dtype
from kmb_backend_tensorflow.raw import raw_op
from kmb_core.settings import epsilon

_sparse_kernel = raw_op("SparseSoftmaxCrossEntropyWithLogits")
_reshape = raw_op("Reshape")
_LABELS = frozenset((tf.int32, tf.int64))
_ONE_HOT = frozenset((tf.uint8, tf.int8, tf.int32, tf.int64))


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target * log(output))."""
    _require(target.shape, output.shape)
    target, output = _with_axis_last(target, axis), _with_axis_last(output, axis)
    logarithms = tf.nn.log_softmax(output) if from_logits else _log_probabilities(output)
    # Not SoftmaxCrossEntropyWithLogits: its gradient is wrong for targets whose sum is not 1.
    return -tf.reduce_sum(target * logarithms, -1)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output[target])."""
    count = len(output.shape)
    axis = axis % count
    if len(target.shape) == count:
        target = tf.squeeze(target, [axis])
    _require(target.shape, [size for i, size in enumerate(output.shape) if i != axis])
    output = _with_axis_last(output, axis)
    labels = _reshape(target if target.dtype in _LABELS else cast(target, tf.int32), [-1])
    rows = _reshape(output if from_logits else _log_probabilities(output), [-1, output.shape[-1]])
    if from_logits:
        loss, _ = _sparse_kernel(rows, labels)
    else:
        loss = -tf.gather(rows, labels, batch_dims=1)
    return _as_rows_of(loss, output)


def _require(given: Any, expected: Any) -> None:
    if not tf.TensorShape(given).is_compatible_with(tf.TensorShape(expected)):
        raise ValueError(f"shapes {given} and {expected} differ")


def _with_axis_last(x: Any, axis: int) -> Any:
    count = len(x.shape)
    axis = axis % count
    if axis == count - 1:
        return x
    return tf.transpose(x, [*(i for i in range(count) if i != axis), axis])


def _as_rows_of(loss: Any, output: Any) -> Any:
    """A loss for each row, in the shape of the rows."""
    if len(output.shape) == 2:
        return loss
    sizes = tf.shape(output)[:-1] if None in output.shape[:-1] else output.shape[:-1]
    return tf.ensure_shape(tf.reshape(loss, sizes), output.shape[:-1])


def _log_probabilities(output: Any) -> Any:
    dtype = output.dtype
    output = cast(output, HALVES_AS_FLOAT32.get(dtype, dtype))
    output = output / tf.reduce_sum(output, -1, keepdims=True)
    margin = epsilon()
    return cast(tf.math.log(tf.clip_by_value(output, margin, 1.0 - margin)), dtype)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False) -> Any:
    """1 at the place that an integer names along a new axis."""
    target = native_dtype(dtype)
    indices = x if x.dtype in _ONE_HOT else cast(x, tf.int64 if x.dtype in INTEGERS else tf.int32)
    if sparse:
        return tf.sparse.from_dense(tf.one_hot(indices, num_classes, axis=axis, dtype=target))
    if target is tf.bool:
        return tf.one_hot(indices, num_classes, True, False, axis, target)
    return tf.one_hot(indices, num_classes, axis=axis, dtype=target)
