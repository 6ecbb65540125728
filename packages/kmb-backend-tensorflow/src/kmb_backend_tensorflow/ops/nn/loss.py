"""Cross-entropies; that of class numbers with TensorFlow's fused kernel, which works out the gradient with the loss.

A wrong shape raises any error here; the core then says what is wrong with it, as on every backend.
"""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, INTEGERS, cast, native_dtype
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import axes_of
from kmb_core.plugins.contract import DECLARED
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
    (axis,) = axes_of(output, axis)
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
    (axis,) = axes_of(x, axis)
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
        return _sparse_ones(indices, num_classes, axis, target)
    if target is tf.bool:
        return tf.one_hot(indices, num_classes, True, False, axis, target)
    return tf.one_hot(indices, num_classes, axis=axis, dtype=target)


def _sparse_ones(indices: Any, count: int, axis: int, dtype: tf.DType) -> Any:
    """`one_hot` as a tf.SparseTensor, without the zeros ever being written."""
    indices = cast(indices, tf.int64)
    rank = len(indices.shape)
    (axis,) = axes_of(tf.expand_dims(indices, -1), axis)
    places = tf.where((indices >= 0) & (indices < count))
    classes = tf.expand_dims(tf.gather_nd(indices, places), 1)
    places = tf.concat([places[:, :axis], classes, places[:, axis:]], 1)
    sizes = tf.shape(indices, out_type=tf.int64)
    sizes = tf.concat([sizes[:axis], [count], sizes[axis:]], 0)
    result = tf.SparseTensor(places, tf.ones(tf.shape(places)[:1], dtype), sizes)
    return result if axis == rank else tf.sparse.reorder(result)


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """1 at the places that any of a sample's integers names; the sparse form is made of the places alone."""
    count = kwargs.get("num_tokens", num_classes)
    dense = DECLARED["multi_hot"].body
    if not sparse or count is None or not set(kwargs) <= {"num_tokens"}:
        return dense(inputs, num_classes, axis, dtype, sparse, **kwargs)
    if len(inputs.shape) > 2 or axis not in (-1, len(inputs.shape)) or inputs.dtype not in INTEGERS:
        return tf.sparse.from_dense(dense(inputs, count, axis, dtype))
    rows = cast(inputs if len(inputs.shape) == 2 else tf.expand_dims(inputs, 0), tf.int64)
    where = tf.where((rows >= 0) & (rows < count))
    flat = where[:, 0] * count + tf.gather_nd(rows, where)
    flat = tf.sort(tf.unique(flat).y)
    places = tf.stack([flat // count, flat % count], 1)
    sizes = tf.stack([tf.shape(rows, out_type=tf.int64)[0], tf.constant(count, tf.int64)])
    if len(inputs.shape) < 2:
        places, sizes = places[:, 1:], sizes[1:]
    return tf.SparseTensor(places, tf.ones(tf.shape(places)[:1], native_dtype(dtype)), sizes)
