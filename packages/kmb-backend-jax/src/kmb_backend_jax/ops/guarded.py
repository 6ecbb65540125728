"""Arithmetic that passes over NaN."""

import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel

fabs = kernel(jnp.abs)
fmax = kernel(lambda x1, x2: jnp.fmax(x1, x2))
fmin = kernel(lambda x1, x2: jnp.fmin(x1, x2))
