"""Dense projections and rows of tables.

A projection of more than two axes is one 2-D product. The gradient of `embed` is an IndexedSlices in TensorFlow; it is
made dense, duplicates summed, before an optimizer sees it (`kernels.dense`, and `convert` for everybody else).
"""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import cast
from kmb_backend_tensorflow.ops.products import matmul, rows_times_matrix, sparse_matmul
from kmb_backend_tensorflow.raw import raw_op

_matmul, _bias_add, _gather = raw_op("MatMul"), raw_op("BiasAdd"), raw_op("GatherV2")
_INDEX_DTYPES = frozenset((tf.int32, tf.int64))


def dense(x: Any, kernel: Any, bias: Any = None) -> Any:
    """x (..., in) times kernel (in, out), plus bias (out,)."""
    count = len(x.shape)
    if x.__class__ is tf.SparseTensor:
        product = sparse_matmul(x, kernel)
    elif x.dtype.is_floating and count >= 2:
        product = _matmul(x, kernel) if count == 2 else rows_times_matrix(x, kernel)
    else:
        if len(kernel.shape) != 2:
            raise ValueError("the kernel is no matrix")  # the declaration says it in full
        product = matmul(x, kernel)
    if bias is None:
        return product
    return _bias_add(product, bias) if count >= 2 else tf.add(product, bias)


def embed(table: Any, indices: Any) -> Any:
    """The rows of a table (rows, features) at indices of any shape."""
    return _gather(table, indices if indices.dtype in _INDEX_DTYPES else cast(indices, tf.int32), 0)
