"""Signs and neighbours."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel

nextafter = kernel(lambda x1, x2: jnp.nextafter(x1, x2))


@kernel
def signbit(x: jax.Array) -> jax.Array:
    """Where the sign is negative; never for booleans."""
    return jnp.zeros(x.shape, bool) if x.dtype == bool else jnp.signbit(x)
