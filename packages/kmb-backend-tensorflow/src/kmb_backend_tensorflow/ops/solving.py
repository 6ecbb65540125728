"""Linear equations: TensorFlow's, in float32 for 16-bit floats. Its kernels want equal leading axes."""

from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.ops.decompositions import narrowed, only_first, widened
from kmb_backend_tensorflow.shapes import dynamic_shape


def _batched(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Both as matrices with the same leading axes, and whether b came as vectors."""
    vectors = len(b.shape) == 1 or (len(b.shape) == len(a.shape) - 1 and b.shape.is_compatible_with(a.shape[:-1]))
    left, right = widened(a), widened(tf.expand_dims(b, -1) if vectors else b)
    if left.shape[:-2].is_fully_defined() and left.shape[:-2] == right.shape[:-2]:
        return left, right, vectors
    leading = tf.broadcast_dynamic_shape(tf.shape(left)[:-2], tf.shape(right)[:-2])
    return _spread(left, leading), _spread(right, leading), vectors


def _spread(x: Any, leading: Any) -> Any:
    return tf.broadcast_to(x, tf.concat([leading, tf.shape(x)[-2:]], 0))


def _given_back(a: Any, x: Any, vectors: bool) -> Any:
    (x,) = narrowed(a, x)
    return tf.squeeze(x, -1) if vectors else x


def solve(a: Any, b: Any) -> Any:
    """TensorFlow's."""
    left, right, vectors = _batched(a, b)
    try:
        return _given_back(a, tf.linalg.solve(left, right), vectors)
    except tf.errors.InvalidArgumentError:
        raise np.linalg.LinAlgError("ops.solve: the matrix is singular") from None


def inv(x: Any) -> Any:
    """TensorFlow's."""
    try:
        return narrowed(x, tf.linalg.inv(widened(x)))[0]
    except tf.errors.InvalidArgumentError:
        raise np.linalg.LinAlgError("ops.inv: the matrix is singular") from None


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """TensorFlow's."""
    left, right, vectors = _batched(a, b)
    return _given_back(a, tf.linalg.triangular_solve(left, right, bool(lower)), vectors)


def pinv(x: Any, rcond: float | None = None) -> Any:
    """By singular values, with the derivative of the pseudo-inverse itself, which those of singular vectors lack."""
    return narrowed(x, _pinv(widened(x), rcond))[0]


def _pinv(x: Any, rcond: float | None) -> Any:
    @tf.custom_gradient
    def inverted(x: Any) -> Any:
        inverse = _by_singular_values(x, rcond)
        return inverse, lambda upstream: only_first(_gradient(x, inverse, upstream))

    return inverted(x)


def _by_singular_values(x: Any, rcond: float | None) -> Any:
    s, u, v = tf.linalg.svd(x)
    if rcond is None:
        larger = tf.cast(tf.reduce_max(tf.stack(dynamic_shape(x)[-2:])), s.dtype)
        rcond = 10 * larger * float(np.finfo(s.dtype.as_numpy_dtype).eps)
    kept = s > rcond * tf.reduce_max(s, -1, True)
    reciprocals = tf.where(kept, 1 / tf.where(kept, s, tf.ones_like(s)), tf.zeros_like(s))
    return tf.matmul(v * tf.cast(reciprocals[..., None, :], x.dtype), u, adjoint_b=True)


def _gradient(x: Any, inverse: Any, upstream: Any) -> Any:
    """Golub and Pereyra, "The differentiation of pseudo-inverses" (1973), (4.12), turned round."""
    adjoint, g = tf.linalg.adjoint(inverse), tf.linalg.adjoint(upstream)
    first = tf.matmul(tf.matmul(adjoint, upstream), adjoint)
    second = tf.matmul(g, tf.matmul(inverse, adjoint))
    third = tf.matmul(tf.matmul(adjoint, inverse), g)
    second -= tf.matmul(x, tf.matmul(inverse, second))
    third -= tf.matmul(tf.matmul(third, inverse), x)
    return second + third - first
