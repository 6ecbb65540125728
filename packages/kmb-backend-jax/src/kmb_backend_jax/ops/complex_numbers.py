"""Parts of complex numbers."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.decompositions import widened

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


@kernel
def view_as_complex(x: jax.Array) -> jax.Array:
    """Complex numbers from pairs; XLA joins 32 and 64 bits."""
    if x.shape[-1:] != (2,) or jnp.iscomplexobj(x):
        raise ValueError(f"no pairs of real numbers: {x.dtype}{list(x.shape)}")
    wide = widened(x)
    return jax.lax.complex(wide[..., 0], wide[..., 1])
