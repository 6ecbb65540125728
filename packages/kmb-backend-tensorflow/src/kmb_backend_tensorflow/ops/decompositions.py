"""Decompositions: TensorFlow's, in float32 for 16-bit floats.

TensorFlow eliminates square matrices that are not singular only, without a derivative; `lu_factor` adds the rest.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, cast
from kmb_backend_tensorflow.shapes import dynamic_shape


def widened(x: Any) -> Any:
    """16-bit floats as float32."""
    return cast(x, HALVES_AS_FLOAT32.get(x.dtype, x.dtype))


def narrowed(like: Any, *parts: Any) -> tuple[Any, ...]:
    """What came of a 16-bit tensor, in its dtype; of others as it is."""
    return tuple(cast(part, like.dtype) for part in parts) if like.dtype in HALVES_AS_FLOAT32 else parts


def only_first(gradient: Any) -> Any:
    """A gradient that was written by hand from results, of which a second derivative would miss a part."""
    return tf.raw_ops.PreventGradient(input=gradient, message="kmb: this op has no second derivative on TensorFlow")


def cholesky(x: Any, upper: bool = False) -> Any:
    """TensorFlow's lower factor, turned for the upper one. It is NaN where there is none, which is refused eagerly."""
    factor = tf.linalg.cholesky(widened(x))
    if tf.executing_eagerly() and tf.reduce_any(factor != factor):
        raise np.linalg.LinAlgError("ops.cholesky: the matrix is not positive definite")
    (factor,) = narrowed(x, factor)
    return tf.linalg.adjoint(factor) if upper else factor


def qr(x: Any, mode: str = "reduced") -> tuple[Any, ...]:
    """TensorFlow's."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode is 'reduced' or 'complete', got {mode!r}")
    return narrowed(x, *tf.linalg.qr(widened(x), mode == "complete"))


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """TensorFlow's, the right vectors conjugated and in rows."""
    if not compute_uv:
        return _real(x, tf.linalg.svd(widened(x), compute_uv=False))
    s, u, v = tf.linalg.svd(widened(x), bool(full_matrices))
    u, vh = narrowed(x, u, tf.linalg.adjoint(v))
    return u, _real(x, s), vh


def _real(like: Any, values: Any) -> Any:
    return cast(values, like.dtype.real_dtype)


@tf.custom_gradient
def _mirrored(x: Any) -> Any:
    """The lower triangle, mirrored; the gradient is symmetric, where TensorFlow's lies in the lower triangle."""
    lower = tf.linalg.band_part(x, -1, 0)
    whole = lower + tf.linalg.adjoint(lower - tf.linalg.band_part(x, 0, 0))
    return whole, lambda upstream: (upstream + tf.linalg.adjoint(upstream)) / 2


def eigh(x: Any) -> tuple[Any, Any]:
    """TensorFlow's, whose values of a complex matrix are complex."""
    if len(x.shape) < 2 or not x.shape[-1:].is_compatible_with(x.shape[-2:-1]):  # (1, 0) would broadcast
        raise ValueError(f"no square matrices: shape {x.shape}")
    values, vectors = tf.linalg.eigh(_mirrored(widened(x)))
    values = tf.math.real(values) if values.dtype.is_complex else values
    return _real(x, values), *narrowed(x, vectors)


def eig(x: Any) -> tuple[Any, Any]:
    """TensorFlow's."""
    return tf.linalg.eig(widened(x))


# Gaussian elimination --------------------------------------------------------------------------------------------


def lu_factor(x: Any) -> tuple[Any, Any]:
    """Both triangles and the exchanges."""
    factors, pivots = _eliminated(widened(x))
    return *narrowed(x, factors), pivots


@tf.custom_gradient
def _eliminated(x: Any) -> Any:
    factors, pivots = _native(x) if tf.executing_eagerly() else _step_by_step(x)

    def gradient(upstream: Any, _: Any = None) -> Any:
        return only_first(_gradient(factors, _order(pivots, dynamic_shape(x)[-2]), upstream))

    return (factors, pivots), gradient


def _native(x: Any) -> tuple[Any, Any]:
    """TensorFlow's kernel, where it does; its permutation as exchanges. It compares complex numbers otherwise."""
    if x.shape[-1] == x.shape[-2] and not x.dtype.is_complex:
        try:
            factors, order = tf.linalg.lu(x)
        except tf.errors.InvalidArgumentError:  # a singular matrix
            return _step_by_step(x)
        return factors, tf.constant(_exchanges(order.numpy()))
    return _step_by_step(x)


def _exchanges(order: np.ndarray) -> np.ndarray:
    rows = order.reshape(math.prod(order.shape[:-1]), order.shape[-1])
    pivots, batch = np.zeros_like(rows, np.int32), np.arange(len(rows))
    current = np.tile(np.arange(order.shape[-1]), (len(rows), 1))
    for k in range(order.shape[-1]):
        pivots[:, k] = np.argmax(current == rows[:, k, None], axis=1)
        current[batch, pivots[:, k]] = current[:, k]
        current[:, k] = rows[:, k]
    return pivots.reshape(order.shape)


def _step_by_step(x: Any) -> tuple[Any, Any]:
    """Elimination of one column after the other, in all matrices at once."""
    *leading, rows, columns = dynamic_shape(x)
    steps = tf.minimum(rows, columns)
    count = tf.reduce_prod(tf.cast(tf.stack(leading), tf.int32)) if leading else 1
    row, column, step = tf.range(rows), tf.range(columns), tf.range(steps)

    def eliminate(k: Any, a: Any, pivots: Any) -> tuple[Any, Any, Any]:
        size = tf.where(row >= k, _size(a[:, :, k]), tf.constant(-1, a.dtype.real_dtype))
        pivot = tf.argmax(size, 1, tf.int32)[:, None]
        a = tf.gather(a, tf.where(row == k, pivot, tf.where(row == pivot, k, row)), axis=1, batch_dims=1)
        factor = tf.where(row > k, tf.math.divide_no_nan(a[:, :, k], a[:, k, None, k]), tf.zeros((), a.dtype))
        rest = tf.where(column > k, a[:, k], tf.zeros((), a.dtype))
        below = (row > k)[:, None] & (column == k)
        a = tf.where(below, factor[:, :, None], a - factor[:, :, None] * rest[:, None])
        return k + 1, a, tf.where(step == k, pivot, pivots)

    start = (tf.constant(0), tf.reshape(x, (count, rows, columns)), tf.zeros((count, steps), tf.int32))
    _, factors, pivots = tf.while_loop(lambda k, *_: k < steps, eliminate, start)
    pivots = tf.reshape(pivots, (*leading, steps))
    pivots.set_shape((*x.shape[:-2], None if None in x.shape[-2:] else min(x.shape[-2:])))
    return tf.ensure_shape(tf.reshape(factors, tf.shape(x)), x.shape), pivots


def _size(x: Any) -> Any:
    """What LAPACK compares: of a complex number the sum of both parts' sizes."""
    return tf.abs(tf.math.real(x)) + tf.abs(tf.math.imag(x)) if x.dtype.is_complex else tf.abs(x)


def _order(pivots: Any, rows: Any) -> Any:
    """Which row of the matrix became which: the exchanges, carried out."""
    row = tf.range(rows)
    order = tf.zeros_like(pivots[..., :1]) + row

    def exchange(k: Any, order: Any) -> tuple[Any, Any]:
        pivot = pivots[..., k, None]
        turned = tf.where(row == k, pivot, tf.where(row == pivot, k, row))
        return k + 1, tf.gather(order, turned, axis=-1, batch_dims=len(pivots.shape) - 1)

    return tf.while_loop(lambda k, _: k < tf.shape(pivots)[-1], exchange, (tf.constant(0), order))[1]


def _gradient(factors: Any, order: Any, upstream: Any) -> Any:
    """From P A = L U: the square part by L⁻ᴴ (tril(Lᴴ gL) + triu(gU Uᴴ)) U⁻ᴴ, what lies beyond it by one solve."""
    rows, columns = dynamic_shape(factors)[-2:]
    size = tf.minimum(rows, columns)
    below, upper = _strictly_lower(factors), tf.linalg.band_part(factors, 0, -1)
    lower = tf.linalg.set_diag(below[..., :size, :size], tf.ones_like(factors[..., :size, 0]))
    square = upper[..., :size, :size]
    g_lower, g_upper = _strictly_lower(upstream), tf.linalg.band_part(upstream, 0, -1)
    right = tf.linalg.triangular_solve(lower, g_upper[..., :size, size:], lower=True, adjoint=True)
    under = _times_inverse(g_lower[..., size:, :size], square)
    g_l = g_lower[..., :size, :size] - _strictly_lower(tf.matmul(right, upper[..., :size, size:], adjoint_b=True))
    g_u = g_upper[..., :size, :size] - tf.matmul(below[..., size:, :size], under, adjoint_a=True)
    middle = _strictly_lower(tf.matmul(lower, g_l, adjoint_a=True))
    middle += tf.linalg.band_part(tf.matmul(g_u, square, adjoint_b=True), 0, -1)
    inner = tf.linalg.triangular_solve(lower, _times_inverse(middle, square), lower=True, adjoint=True)
    right = tf.pad(right, [[0, 0]] * (len(right.shape) - 2) + [[0, rows - size], [0, 0]])
    exchanged = tf.concat([tf.concat([inner, under], -2), right], -1)
    return tf.gather(exchanged, tf.argsort(order), axis=-2, batch_dims=len(order.shape) - 1)


def _strictly_lower(x: Any) -> Any:
    return x - tf.linalg.band_part(x, 0, -1)


def _times_inverse(x: Any, upper: Any) -> Any:
    """x U⁻ᴴ."""
    return tf.linalg.adjoint(tf.linalg.triangular_solve(upper, tf.linalg.adjoint(x), lower=False))
