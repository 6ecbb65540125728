"""Comparison, logic and choice, element by element."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel

equal = kernel(lambda x1, x2: jnp.equal(x1, x2))
not_equal = kernel(lambda x1, x2: jnp.not_equal(x1, x2))
less = kernel(lambda x1, x2: jnp.less(x1, x2))
less_equal = kernel(lambda x1, x2: jnp.less_equal(x1, x2))
greater = kernel(lambda x1, x2: jnp.greater(x1, x2))
greater_equal = kernel(lambda x1, x2: jnp.greater_equal(x1, x2))
logical_and = kernel(lambda x1, x2: jnp.logical_and(x1, x2))
logical_or = kernel(lambda x1, x2: jnp.logical_or(x1, x2))
logical_xor = kernel(lambda x1, x2: jnp.logical_xor(x1, x2))
logical_not = kernel(lambda x: jnp.logical_not(x))
isnan = kernel(jnp.isnan)
isfinite = kernel(jnp.isfinite)
isinf = kernel(jnp.isinf)


@kernel(static=("equal_nan",))
def isclose(
    x1: jax.Array, x2: jax.Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> jax.Array:
    """Where |x1 - x2| <= atol + rtol |x2|."""
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


_choose = kernel(lambda condition, x1, x2: jnp.where(condition, x1, x2))


def where(
    condition: jax.Array, x1: jax.Array | None = None, x2: jax.Array | None = None
) -> jax.Array | tuple[jax.Array, ...]:
    """Choose element by element; with the condition alone, the indices of its true elements."""
    if x1 is None and x2 is None:
        return jnp.where(condition)  # as many as there are: such a shape cannot be compiled
    return _choose(condition, x1, x2)


@kernel
def nan_to_num(
    x: jax.Array, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> jax.Array:
    """Replace what is not finite."""
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
