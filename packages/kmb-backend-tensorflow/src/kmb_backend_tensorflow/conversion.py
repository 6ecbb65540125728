"""Conversion between TensorFlow's tensors and everything else."""

from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES, cast
from kmb_core.backend.foreign import array_of, as_array, is_foreign

_TENSORS = (tf.Tensor, tf.Variable, tf.SparseTensor, tf.RaggedTensor)


def is_tensor(x: Any) -> bool:
    """Tensors, eager or of a graph, and tf.Variables.

    tf.IndexedSlices is none: `convert` makes it dense, so a gradient with repeated rows is summed before it is used.
    """
    return isinstance(x, _TENSORS)


def convert(x: Any, dtype: str | None = None) -> Any:
    """A dense tensor; what a tf.Variable holds now; IndexedSlices with the slices of one row summed."""
    if dtype is None and x.__class__ is np.ndarray:
        return tf.constant(x)
    target = None if dtype is None else DTYPES[dtype]
    if isinstance(x, tf.Tensor):
        return x if target is None else cast(x, target)
    if isinstance(x, tf.SparseTensor):
        x = tf.sparse.to_dense(x)
    elif isinstance(x, tf.RaggedTensor):
        x = x.to_tensor()
    elif isinstance(x, (tf.Variable, tf.IndexedSlices)):
        x = tf.convert_to_tensor(x)
    else:
        return _from_values(x, target)
    return x if target is None else cast(x, target)


def _from_values(x: Any, target: tf.DType | None) -> Any:
    if is_foreign(x) and not hasattr(x, "__tf_tensor__"):
        x = array_of(x)
    try:
        return _constant(x, target)
    except (TypeError, ValueError, OverflowError, RuntimeError, tf.errors.InvalidArgumentError):
        # Another kind of number than the dtype's (1.5 as int32), an out-of-range one, or a foreign array.
        if _holds_tensors(x):
            return tf.stack([convert(item, None if target is None else target.name) for item in x])
        values = tf.convert_to_tensor(as_array(x))
        return values if target is None else cast(values, target)


def _constant(x: Any, target: tf.DType | None) -> Any:
    """tf.constant, which is quickest, for numbers and arrays; tf.convert_to_tensor for what may hold tensors."""
    return tf.constant(x, target) if x.__class__ in _CONSTANTS else tf.convert_to_tensor(x, target)


_CONSTANTS = frozenset((np.ndarray, int, float, bool, str, bytes))


def _holds_tensors(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and any(
        isinstance(item, _TENSORS) or hasattr(item, "__tf_tensor__") or _holds_tensors(item) for item in x
    )


def to_numpy(x: Any) -> np.ndarray:
    """The values on the host."""
    if isinstance(x, (tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices)):
        x = convert(x)
    return np.asarray(x.numpy())
