"""Reductions of segments: XLA's scatters, which leave out numbers that are out of range."""

from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.segment_products import product
from kmb_core.ops import segments as declared

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
