"""Products of segments with a derivative, of which JAX has none where places may be the same."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp


@partial(jax.custom_jvp, nondiff_argnums=(2, 3))
def product(data: jax.Array, ids: jax.Array, count: int, ascending: bool) -> jax.Array:
    """The product of each segment; JAX itself knows no derivative of it."""
    return jax.ops.segment_prod(data, ids, count, ascending)


@product.defjvp
def _(count: int, ascending: bool, values: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    data, ids = values
    changes = tangents[0] * _product_of_others(data, ids, count, ascending)
    return product(data, ids, count, ascending), jax.ops.segment_sum(changes, ids, count, ascending)


def _product_of_others(data: jax.Array, ids: jax.Array, count: int, ascending: bool) -> jax.Array:
    """For each element what the others of its segment multiply to, zeros looked after."""
    nothing = data == 0
    zeros = jax.ops.segment_sum(nothing.astype("int32"), ids, count, ascending)
    others = product(jnp.where(nothing, 1, data), ids, count, ascending)
    zeros, others = zeros.at[ids].get(mode="clip"), others.at[ids].get(mode="clip")
    alone = jnp.where(zeros == 1, others, 0)
    return jnp.where(nothing, alone, jnp.where(zeros == 0, others / jnp.where(nothing, 1, data), 0))
