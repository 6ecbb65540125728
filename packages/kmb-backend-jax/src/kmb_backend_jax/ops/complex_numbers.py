"""Parts of complex numbers."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel

real = kernel(lambda x: jnp.real(x))
isreal = kernel(lambda x: jnp.isreal(x))


@kernel
def imag(x: jax.Array) -> jax.Array:
    """The imaginary part; zeros for real tensors."""
    return jnp.imag(x) if jnp.iscomplexobj(x) else jnp.zeros_like(x)


@kernel
def conjugate(x: jax.Array) -> jax.Array:
    """The conjugate; real tensors as they are."""
    return jnp.conjugate(x) if jnp.iscomplexobj(x) else x


conj = conjugate
