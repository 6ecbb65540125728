"""Reading and writing parts of tensors. An index outside reads NaN (or the least integer): no device can raise."""

import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.conversion import convert
from kmb_backend_jax.kernel import kernel

get_item = operator.getitem
take = kernel(lambda x, indices, axis=None: jnp.take(x, indices, axis), static=("axis",))
take_along_axis = kernel(lambda x, indices, axis=None: jnp.take_along_axis(x, indices, axis), static=("axis",))

_METHODS = {None: "set", "add": "add", "mul": "multiply", "max": "max", "min": "min"}


@kernel(static=("method",))
def _scatter(inputs: jax.Array, indices: jax.Array, updates: jax.Array, method: str) -> jax.Array:
    places = inputs.at[tuple(jnp.moveaxis(indices, -1, 0))]
    return getattr(places, method)(updates)


def scatter_update(
    inputs: jax.Array, indices: jax.Array, updates: jax.Array, reduction: str | None = None
) -> jax.Array:
    """The inputs with `updates` written, or joined, at `indices` (count, leading axes of inputs)."""
    if reduction not in _METHODS:
        raise ValueError(f"ops.scatter_update: reduction is one of {tuple(_METHODS)}, got {reduction!r}")
    return _scatter(inputs, indices, updates, _METHODS[reduction])


_slice = kernel(lambda inputs, start, shape: lax.dynamic_slice(inputs, start, shape), static=("shape",))
_slice_update = kernel(lambda inputs, start, updates: lax.dynamic_update_slice(inputs, updates, start))


def slice(inputs: jax.Array, start_indices: Any, shape: Sequence[int]) -> jax.Array:  # the op's public name
    """The block of `shape` that starts at `start_indices`."""
    return _slice(inputs, _starts(start_indices), tuple(map(int, shape)))


def slice_update(inputs: jax.Array, start_indices: Any, updates: jax.Array) -> jax.Array:
    """The inputs with a block written at `start_indices`."""
    return _slice_update(inputs, _starts(start_indices), updates)


def _starts(start_indices: Any) -> list[Any]:
    """One scalar for each axis; Python integers as int32, tensors as they are."""
    return [i if isinstance(i, jax.Array) else convert(i, "int32") for i in start_indices]
