"""Determinants, in float32 for 16-bit floats."""

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.kernel import kernel

_HALVES = (np.dtype("float16"), jnp.dtype("bfloat16"))


@kernel
def slogdet(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Signs and logarithms of determinants."""
    sign, size = jnp.linalg.slogdet(x.astype(np.float32) if x.dtype in _HALVES else x)
    return sign.astype(x.dtype), size.astype(x.dtype)
