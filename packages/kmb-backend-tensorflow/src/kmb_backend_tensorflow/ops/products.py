"""Products of matrices. A matrix of rows from several axes is one reshaped 2-D product, which TensorFlow runs fastest.

Integers without a kernel are multiplied in a wider dtype and cast back.
"""

import math
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.conversion import convert
from kmb_backend_tensorflow.dtypes import cast, paired
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_shape, dynamic_shape

_matmul, _batch_matmul, _reshape = raw_op("MatMul"), raw_op("BatchMatMulV2"), raw_op("Reshape")

_SPARSE_KERNEL = frozenset((tf.float32, tf.float64, tf.int32))

_WITHOUT_KERNEL = {
    tf.bool: tf.int32,
    tf.int8: tf.int32,
    tf.int16: tf.int32,
    tf.uint8: tf.int32,
    tf.uint16: tf.int32,
    tf.uint32: tf.int64,
    tf.uint64: tf.int64,
}


def matmul(x1: Any, x2: Any) -> Any:
    """Matrix product; leading axes broadcast, a vector is a row on the left and a column on the right."""
    if x1.__class__ is tf.SparseTensor or x2.__class__ is tf.SparseTensor:
        return sparse_matmul(x1, x2)
    if x1.dtype in _WITHOUT_KERNEL:
        return matmul(cast(x1, tf.int32), cast(x2, tf.int32)) if x1.dtype == tf.int8 else _widened(x1, x2)
    left, right = len(x1.shape), len(x2.shape)
    if left == 2 and right == 2:
        return _matmul(x1, x2)
    if left > 2 and right == 2:
        return rows_times_matrix(x1, x2)
    if left < 2 or right < 2:
        return _with_vectors(x1, x2)
    return _batch_matmul(x1, x2)


def sparse_matmul(x1: Any, x2: Any) -> Any:
    """The product where one of two matrices is sparse; with more axes, and of two sparse ones, the second is dense."""
    if _is_sparse(x1) and len(x1.shape) == len(x2.shape) == 2 and x1.dtype in _SPARSE_KERNEL:
        return tf.sparse.sparse_dense_matmul(x1, convert(x2))
    if _is_sparse(x2) and len(x1.shape) == len(x2.shape) == 2 and x2.dtype in _SPARSE_KERNEL:
        # A sparse matrix on the right: the product of the transposes, transposed.
        return tf.transpose(tf.sparse.sparse_dense_matmul(tf.sparse.transpose(x2), convert(x1), adjoint_b=True))
    return matmul(convert(x1), convert(x2))


def _is_sparse(x: Any) -> bool:
    return x.__class__ is tf.SparseTensor


def rows_times_matrix(x: Any, matrix: Any) -> Any:
    """(..., in) times (in, out)."""
    sizes = dynamic_shape(x)
    flat = _matmul(_reshape(x, as_shape([_row_count(x, sizes), sizes[-1]])), matrix)
    return _reshape(flat, as_shape([*sizes[:-1], dynamic_shape(matrix)[-1]]))


def _row_count(x: Any, sizes: tuple[Any, ...]) -> Any:
    """The number of rows; -1 leaves it to the reshape, which can tell unless there may be no elements."""
    if x.shape[-1]:
        return -1
    return tf.reduce_prod(tf.shape(x)[:-1]) if None in x.shape else math.prod(sizes[:-1])


def _with_vectors(x1: Any, x2: Any) -> Any:
    if len(x1.shape) == 0 or len(x2.shape) == 0:
        raise ValueError(f"ops.matmul: scalars have no matrix product; shapes {tuple(x1.shape)} and {tuple(x2.shape)}")
    drop = []
    if len(x2.shape) == 1:
        x2 = tf.expand_dims(x2, -1)
        drop.append(-1)
    if len(x1.shape) == 1:
        x1 = tf.expand_dims(x1, 0)
        drop.append(-2)
    return tf.squeeze(matmul(x1, x2), drop)


_widened = paired(_WITHOUT_KERNEL, matmul)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sum of products over given axes."""
    return _widened_tensordot(x1, x2, axes) if x1.dtype in _WITHOUT_KERNEL else tf.tensordot(x1, x2, axes)


def _widened_tensordot(x1: Any, x2: Any, axes: Any) -> Any:
    wide = _WITHOUT_KERNEL[x1.dtype]
    return cast(tf.tensordot(cast(x1, wide), cast(x2, wide), axes), x1.dtype)


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Einstein summation."""
    subscripts = _with_output(subscripts)
    dtype = operands[0].dtype
    wide = _WITHOUT_KERNEL.get(dtype)
    if wide is None:
        return tf.einsum(subscripts, *operands)
    product = tf.einsum(subscripts, *(cast(x, wide) for x in operands))
    return product if dtype == tf.int8 else cast(product, dtype)


def _with_output(subscripts: str) -> str:
    """The implicit output written out: axes that "..." stands for, then the letters that occur once, in order."""
    if "->" in subscripts:
        return subscripts
    letters = [c for c in subscripts if c.isalpha()]
    once = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return f"{subscripts}->{'...' if '...' in subscripts else ''}{once}"
