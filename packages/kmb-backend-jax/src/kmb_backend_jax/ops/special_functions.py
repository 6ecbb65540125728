"""Elementary functions that are seldom needed."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel

cbrt = kernel(jnp.cbrt)
exp2 = kernel(jnp.exp2)
deg2rad = kernel(jnp.deg2rad)
rad2deg = kernel(jnp.rad2deg)
sinc = kernel(jnp.sinc)
i0 = kernel(lambda x: jax.scipy.special.i0(x))
hypot = kernel(lambda x1, x2: jnp.hypot(x1, x2))
logaddexp2 = kernel(lambda x1, x2: jnp.logaddexp2(x1, x2))
