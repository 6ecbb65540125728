"""Places in sorted sequences."""

import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.kernel import kernel

searchsorted = kernel(
    lambda sorted_sequence, values, side="left": jnp.searchsorted(sorted_sequence, values, side).astype(np.int32),
    static=("side",),
)
