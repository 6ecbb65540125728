"""Elementary functions that are seldom needed."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel

cbrt = kernel(jnp.cbrt)
exp2 = kernel(jnp.exp2)
deg2rad = kernel(jnp.deg2rad)
rad2deg = kernel(jnp.rad2deg)
i0 = kernel(lambda x: jax.scipy.special.i0(x))


@kernel
def sinc(x: jax.Array) -> jax.Array:
    """JAX's own is right at 0 for derivatives of every order; at infinity its versions differ, NumPy gives NaN."""
    return jnp.sinc(x) * jnp.where(jnp.isinf(x), jnp.nan, 1)


@kernel
def hypot(x1: jax.Array, x2: jax.Array) -> jax.Array:
    """The length of a right triangle's long side; at the origin its derivatives are 0."""
    origin = (x1 == 0) & (x2 == 0)
    return jnp.where(origin, 0, jnp.hypot(jnp.where(origin, 1, x1), x2))


logaddexp2 = kernel(lambda x1, x2: jnp.logaddexp2(x1, x2))
