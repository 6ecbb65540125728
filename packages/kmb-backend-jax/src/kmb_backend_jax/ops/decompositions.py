"""Decompositions, in float32 for 16-bit floats.

Only the lower triangle of symmetric matrices is read, and their gradients are symmetric, as in the other frameworks.
JAX itself would either average both triangles or give the whole gradient to the lower one.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.kernel import kernel

_HALVES = (np.dtype("float16"), jnp.dtype("bfloat16"))


def widened(x: jax.Array) -> jax.Array:
    """16-bit floats as float32."""
    return x.astype(np.float32) if x.dtype in _HALVES else x


def narrowed(like: jax.Array, *parts: jax.Array) -> tuple[jax.Array, ...]:
    """What came of a 16-bit tensor, in its dtype; of others as it is."""
    return tuple(part.astype(like.dtype) for part in parts) if like.dtype in _HALVES else parts


def adjoint(x: jax.Array) -> jax.Array:
    """The conjugate transpose of matrices."""
    return jnp.conj(jnp.swapaxes(x, -1, -2))


@jax.custom_jvp
def _mirrored(x: jax.Array) -> jax.Array:
    """The lower triangle, mirrored."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:  # (1, 0) would broadcast
        raise ValueError(f"no square matrices: shape {x.shape}")
    return jnp.tril(x) + adjoint(jnp.tril(x, -1))


@_mirrored.defjvp
def _mirrored_jvp(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    return _mirrored(*primals), (tangents[0] + adjoint(tangents[0])) / 2


@kernel
def _cholesky(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    factor = lax.linalg.cholesky(_mirrored(widened(x)), symmetrize_input=False)
    return narrowed(x, factor)[0], jnp.isnan(factor).any()


def cholesky(x: jax.Array, upper: bool = False) -> jax.Array:
    """The triangular factor; a matrix that has none is refused when called eagerly, and gives NaN when traced."""
    factor, failed = _cholesky(x)
    if not isinstance(failed, jax.core.Tracer) and failed:
        raise np.linalg.LinAlgError("ops.cholesky: the matrix is not positive definite")
    return adjoint(factor) if upper else factor


@kernel
def lu_factor(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Both triangles and the exchanges."""
    factors, pivots, _ = lax.linalg.lu(widened(x))
    return *narrowed(x, factors), pivots


_qr = kernel(lambda x, mode: narrowed(x, *jnp.linalg.qr(widened(x), mode)), static=("mode",))


def qr(x: jax.Array, mode: str = "reduced") -> tuple[jax.Array, ...]:
    """JAX's, which would take other modes, too."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode is 'reduced' or 'complete', got {mode!r}")
    return _qr(x, mode)


_values = kernel(lambda x: narrowed(x, jnp.linalg.svd(widened(x), compute_uv=False))[0])
_svd = kernel(lambda x, full: narrowed(x, *jnp.linalg.svd(widened(x), full_matrices=full)), static=("full",))


def svd(x: jax.Array, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """JAX's; of a square matrix in the reduced form, which is the same and has derivatives."""
    if not compute_uv:
        return _values(x)
    return _svd(x, bool(full_matrices) and x.shape[-2:-1] != x.shape[-1:])


@kernel
def eigh(x: jax.Array) -> tuple[jax.Array, ...]:
    """Values and vectors."""
    return narrowed(x, *jnp.linalg.eigh(_mirrored(widened(x)), symmetrize_input=False))


@kernel
def eig(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Values and vectors; JAX has a kernel on CPUs only."""
    values, vectors = jnp.linalg.eig(widened(x))
    return values, vectors
