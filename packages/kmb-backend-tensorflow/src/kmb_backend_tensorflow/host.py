"""Functions of NumPy arrays in TensorFlow's graphs, and tensors of other layouts: what text layers need."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES


def host_call(function: Callable[..., Any], inputs: Sequence[Any], dtype: str, shape: Any) -> Any:
    """Let a graph call a function of arrays; text comes as arrays of bytes.

    Args:
        function: from arrays to an array.
        inputs: the graph's tensors; ragged ones come as lists of rows.
        dtype, shape: of the result, None for sizes that are not known.
    """
    if any(isinstance(x, tf.RaggedTensor) for x in inputs):
        flat = tf.nest.flatten(list(inputs), expand_composites=True)

        def with_rows(*values: Any) -> Any:
            packed = tf.nest.pack_sequence_as(list(inputs), [tf.constant(v) for v in values], expand_composites=True)
            return function(*(x.to_list() if isinstance(x, tf.RaggedTensor) else x.numpy() for x in packed))

        result = tf.numpy_function(with_rows, flat, _native(dtype), stateful=False)
    else:
        result = tf.numpy_function(function, list(inputs), _native(dtype), stateful=False)
    return tf.ensure_shape(result, shape)


def _native(dtype: str) -> tf.DType:
    return tf.string if dtype == "string" else DTYPES[dtype]


def as_sparse(x: Any) -> tf.SparseTensor:
    """What is not zero."""
    return tf.sparse.from_dense(x)


def ragged(x: Any) -> tf.RaggedTensor:
    """Rows without the zeros behind them."""
    return tf.RaggedTensor.from_tensor(x, padding=np.zeros((), x.dtype.as_numpy_dtype))
