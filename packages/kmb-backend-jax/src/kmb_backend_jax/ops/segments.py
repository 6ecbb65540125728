"""Reductions of segments: XLA's scatters, which leave out numbers that are out of range."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_core.ops import segments as declared


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


_JOINED = {
    "sum": jax.ops.segment_sum,
    "prod": product,
    "max": jax.ops.segment_max,
    "min": jax.ops.segment_min,
}


@kernel(static=("count", "ascending", "reduction"))
def _reduced(data: jax.Array, ids: jax.Array, count: int, ascending: bool, reduction: str) -> jax.Array:
    dtype, rest = data.dtype, data.shape[ids.ndim :]
    boolean = jnp.issubdtype(dtype, jnp.bool_)
    data = data.astype("int32") if boolean else data
    if ids.dtype.itemsize < 4:
        ids = ids.astype("int32")
    joined = _JOINED[reduction](data.reshape(ids.size, *rest), ids.ravel(), count, ascending)
    if boolean and reduction in ("max", "min"):  # where nothing is joined: a bound of int32
        joined = joined > 0
    return joined.astype(dtype)


def _segments(data: Any, ids: Any, count: int | None, ascending: bool, reduction: str) -> jax.Array:
    complex_data = jnp.iscomplexobj(data) and reduction in ("max", "min")
    if complex_data or data.shape[: ids.ndim] != ids.shape or (count is not None and count < 0):
        raise ValueError("data begins with the shape of the numbers")  # the declaration says it in full
    if count is None:
        count = declared.segment_count(ids, f"segment_{reduction}")
    return _reduced(data, ids, count, bool(ascending), reduction)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> jax.Array:
    """JAX's."""
    return _segments(data, segment_ids, num_segments, sorted, "sum")


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> jax.Array:
    """JAX's, with a derivative."""
    return _segments(data, segment_ids, num_segments, sorted, "prod")


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> jax.Array:
    """JAX's."""
    return _segments(data, segment_ids, num_segments, sorted, "max")


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> jax.Array:
    """JAX's."""
    return _segments(data, segment_ids, num_segments, sorted, "min")
