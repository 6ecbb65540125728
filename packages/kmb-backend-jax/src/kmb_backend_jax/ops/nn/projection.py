"""Dense projection and table look-up, one kernel each."""

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel as compiled


@compiled
def dense(x: jax.Array, kernel: jax.Array, bias: jax.Array | None = None) -> jax.Array:
    """x @ kernel + bias."""
    if kernel.ndim != 2:
        raise ValueError("the kernel is no matrix")  # the declaration says it in full
    product = jnp.matmul(x, kernel)
    return product if bias is None else product + bias


@compiled
def embed(table: jax.Array, indices: jax.Array) -> jax.Array:
    """Rows of a table; NaN for a row that it does not have."""
    if not indices.size:  # of a table without rows `jnp.take` gives the table's own shape
        return jnp.zeros((*indices.shape, *table.shape[1:]), table.dtype)
    return jnp.take(table, indices, axis=0)
