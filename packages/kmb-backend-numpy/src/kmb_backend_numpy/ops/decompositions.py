"""Decompositions: NumPy's, in float32 for 16-bit floats; Gaussian elimination, which NumPy lacks, by columns."""

import math
from typing import Any

import numpy as np

_WIDE = frozenset(np.dtype(name) for name in ("float32", "float64", "complex64", "complex128"))


def widened(x: np.ndarray) -> np.ndarray:
    """An array that LAPACK takes."""
    return x if x.dtype in _WIDE else x.astype(np.float32)


def narrowed(like: np.ndarray, *parts: np.ndarray) -> tuple[np.ndarray, ...]:
    """What came of a 16-bit array, in its dtype; of others as it is."""
    if like.dtype in _WIDE:
        return parts
    return tuple(part.astype(like.dtype) for part in parts)


def adjoint(x: np.ndarray) -> np.ndarray:
    """The conjugate transpose of matrices."""
    return np.conjugate(np.swapaxes(x, -1, -2))


def need_finite(x: np.ndarray, name: str) -> None:
    """Refuse a matrix with NaN or an infinity; `name` is the op's."""
    if not np.isfinite(x).all():
        raise np.linalg.LinAlgError(f"ops.{name}: the matrix has elements that are NaN or infinite")


def cholesky(x: np.ndarray, upper: bool = False) -> np.ndarray:
    """NumPy's lower factor, turned for the upper one, for which NumPy would read the other triangle."""
    try:
        (factor,) = narrowed(x, np.linalg.cholesky(widened(x)))
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError("ops.cholesky: the matrix is not positive definite") from None
    return adjoint(factor) if upper else factor


def lu_factor(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elimination of one column after the other, in all matrices at once; each row is divided by the largest pivot."""
    if x.ndim < 2:
        raise ValueError(f"no matrices: shape {x.shape}")
    factors = widened(x).reshape(math.prod(x.shape[:-2]), *x.shape[-2:]).copy()
    batch, steps = np.arange(len(factors)), min(x.shape[-2:])
    pivots = np.zeros((len(factors), steps), np.int32)
    for k in range(steps if factors.size else 0):
        pivots[:, k] = k + np.argmax(_size(factors[:, k:, k]), axis=1)
        exchanged = factors[batch, pivots[:, k]]
        factors[batch, pivots[:, k]] = factors[:, k]
        factors[:, k] = exchanged
        pivot = factors[:, k, k, None]
        np.divide(factors[:, k + 1 :, k], pivot, out=factors[:, k + 1 :, k], where=pivot != 0)
        factors[:, k + 1 :, k + 1 :] -= factors[:, k + 1 :, k, None] * factors[:, k, None, k + 1 :]
    return *narrowed(x, factors.reshape(x.shape)), pivots.reshape(*x.shape[:-2], steps)


def _size(x: np.ndarray) -> np.ndarray:
    """What LAPACK compares: of a complex number the sum of both parts' sizes."""
    return np.abs(x.real) + np.abs(x.imag)


def qr(x: np.ndarray, mode: str = "reduced") -> tuple[np.ndarray, ...]:
    """NumPy's, which would take other modes, too."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode is 'reduced' or 'complete', got {mode!r}")
    return narrowed(x, *np.linalg.qr(widened(x), mode))


def svd(x: np.ndarray, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """NumPy's, for finite numbers: LAPACK's iteration may never end with others."""
    need_finite(x, "svd")
    if not compute_uv:
        return narrowed(x, np.linalg.svd(widened(x), compute_uv=False))[0]
    return narrowed(x, *np.linalg.svd(widened(x), full_matrices))


def eigh(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """NumPy's."""
    return narrowed(x, *np.linalg.eigh(widened(x)))


def eig(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """NumPy's, complex even where all eigenvalues are real."""
    values, vectors = np.linalg.eig(widened(x))
    dtype = np.complex128 if x.dtype.itemsize * (1 if x.dtype.kind == "c" else 2) == 16 else np.complex64
    return values.astype(dtype, copy=False), vectors.astype(dtype, copy=False)
