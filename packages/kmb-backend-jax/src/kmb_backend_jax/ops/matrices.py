"""Determinants, in float32 for 16-bit floats."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.decompositions import narrowed, widened

det = kernel(lambda x: narrowed(x, jnp.linalg.det(widened(x)))[0])


@kernel
def slogdet(x: jax.Array) -> tuple[jax.Array, ...]:
    """Signs and logarithms of determinants."""
    return narrowed(x, *jnp.linalg.slogdet(widened(x)))
