"""Linear equations, in float32 for 16-bit floats.

JAX gives infinities or NaN for a singular matrix. An eager call waits for the result and refuses it, as the other
frameworks do; a traced one cannot.
"""

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.decompositions import narrowed, widened


def _columns(a: jax.Array, b: jax.Array) -> tuple[jax.Array, bool]:
    """Right-hand sides as matrices, and whether they came as vectors."""
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    return (b[..., None] if vectors else b), vectors


def _failed(x: jax.Array, *given: jax.Array) -> jax.Array:
    """Whether something that is not finite came of finite numbers."""
    finite = [jnp.isfinite(part).all() for part in given]
    return jnp.stack(finite).all() & ~jnp.isfinite(x).all()


def _checked(x: jax.Array, failed: jax.Array, op: str) -> jax.Array:
    if not isinstance(failed, jax.core.Tracer) and failed:
        raise np.linalg.LinAlgError(f"ops.{op}: the matrix is singular")
    return x


@kernel
def _solve(a: jax.Array, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    columns, vectors = _columns(a, b)
    x = jnp.linalg.solve(widened(a), widened(columns))
    failed = _failed(x, a, b)
    (x,) = narrowed(a, x)
    return (x[..., 0] if vectors else x), failed


def solve(a: jax.Array, b: jax.Array) -> jax.Array:
    """JAX's."""
    return _checked(*_solve(a, b), "solve")


@kernel
def _inv(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    inverse = jnp.linalg.inv(widened(x))
    return narrowed(x, inverse)[0], _failed(inverse, x)


def inv(x: jax.Array) -> jax.Array:
    """JAX's."""
    return _checked(*_inv(x), "inv")


def _substituted(a: jax.Array, b: jax.Array, lower: bool) -> jax.Array:
    columns, vectors = _columns(a, b)
    left, right = widened(a), widened(columns)
    leading = jnp.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = jnp.broadcast_to(left, (*leading, *left.shape[-2:]))
    right = jnp.broadcast_to(right, (*leading, *right.shape[-2:]))
    (x,) = narrowed(a, jax.lax.linalg.triangular_solve(left, right, left_side=True, lower=lower))
    return x[..., 0] if vectors else x


_solve_triangular = kernel(_substituted, static=("lower",))


def solve_triangular(a: jax.Array, b: jax.Array, lower: bool = False) -> jax.Array:
    """XLA's substitution."""
    return _solve_triangular(a, b, bool(lower))


@kernel
def pinv(x: jax.Array, rcond: float | None = None) -> jax.Array:
    """JAX's, which has a derivative of its own."""
    wide = widened(x)
    share = 10 * max(x.shape[-2:]) * float(jnp.finfo(wide.dtype).eps) if rcond is None else rcond
    return narrowed(x, jnp.linalg.pinv(wide, rtol=share))[0]
