"""Reading and writing parts of tensors. An index outside reads NaN (or the least integer): no device can raise."""

import math
import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.conversion import convert
from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.segment_products import product

get_item = operator.getitem


def _taken(x: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None or x.size or x.shape[axis] or jnp.size(indices):
        return jnp.take(x, indices, axis)
    place = axis % x.ndim  # nothing taken from nothing, where JAX forgets the indices' shape
    return jnp.zeros((*x.shape[:place], *jnp.shape(indices), *x.shape[place + 1 :]), x.dtype)


take = kernel(_taken, static=("axis",))
take_along_axis = kernel(lambda x, indices, axis=None: jnp.take_along_axis(x, indices, axis), static=("axis",))

_METHODS = {None: "set", "add": "add", "mul": "multiply", "max": "max", "min": "min"}


@kernel(static=("method",))
def _scatter(inputs: jax.Array, indices: jax.Array, updates: jax.Array, method: str) -> jax.Array:
    if updates.shape != indices.shape[:-1] + inputs.shape[indices.shape[-1] :]:
        raise ValueError("the updates' shape does not fit")  # the declaration says it in full
    if inputs.dtype == bool and method != "set":
        return _scatter(inputs.astype("int32"), indices, updates.astype("int32"), method).astype(bool)
    updates = updates.astype(inputs.dtype)
    if method == "multiply":
        return _multiplied(inputs, indices, updates)
    return getattr(_places(inputs, indices), method)(updates)


def _places(inputs: jax.Array, indices: jax.Array) -> Any:
    return inputs.at[tuple(jnp.moveaxis(indices, -1, 0))]


@jax.custom_jvp
def _multiplied(inputs: jax.Array, indices: jax.Array, updates: jax.Array) -> jax.Array:
    """JAX has no derivative of products at places that may be the same: it is that of the products of segments."""
    return _places(inputs, indices).multiply(updates)


@_multiplied.defjvp
def _(values: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    inputs, indices, updates = values
    depth, count = indices.shape[-1], math.prod(inputs.shape[: indices.shape[-1]])
    numbers = jnp.arange(count, dtype="int32").reshape(inputs.shape[:depth])
    flat = numbers.at[tuple(jnp.moveaxis(indices, -1, 0))].get(mode="fill", fill_value=count).ravel()

    def multiplied(inputs: jax.Array, updates: jax.Array) -> jax.Array:
        factors = product(updates.reshape(flat.size, *inputs.shape[depth:]), flat, count, False)
        return inputs * factors.reshape(inputs.shape)

    return jax.jvp(multiplied, (inputs, updates), (tangents[0], tangents[2]))


def scatter_update(
    inputs: jax.Array, indices: jax.Array, updates: jax.Array, reduction: str | None = None
) -> jax.Array:
    """The inputs with `updates` written, or joined, at `indices` (count, leading axes of inputs)."""
    if reduction not in _METHODS:
        raise ValueError(f"ops.scatter_update: reduction is one of {tuple(_METHODS)}, got {reduction!r}")
    return _scatter(inputs, indices, updates, _METHODS[reduction])


_slice = kernel(lambda inputs, start, shape: lax.dynamic_slice(inputs, start, shape), static=("shape",))
_slice_update = kernel(
    lambda inputs, start, updates: lax.dynamic_update_slice(inputs, updates.astype(inputs.dtype), start)
)


def slice(inputs: jax.Array, start_indices: Any, shape: Sequence[int]) -> jax.Array:  # the op's public name
    """The block of `shape` that starts at `start_indices`; a size of -1 reaches to the end of its axis."""
    sizes = tuple(map(int, shape))
    if -1 in sizes:
        ends = zip(sizes, inputs.shape, start_indices, strict=True)
        sizes = tuple(end - int(start) if size == -1 else size for size, end, start in ends)
    _check_block(inputs, start_indices, sizes, "slice")
    return _slice(inputs, _starts(start_indices), sizes)


def slice_update(inputs: jax.Array, start_indices: Any, updates: jax.Array) -> jax.Array:
    """The inputs with a block written at `start_indices`, in their dtype."""
    _check_block(inputs, start_indices, updates.shape, "slice_update")
    return _slice_update(inputs, _starts(start_indices), updates)


def _check_block(inputs: jax.Array, starts: Any, sizes: Sequence[int], op: str) -> None:
    """XLA moves a block that sticks out; where the place is known, say so instead."""
    if isinstance(starts, jax.Array):
        return
    for start, size, end in zip(starts, sizes, inputs.shape, strict=True):
        if isinstance(start, int) and not 0 <= start <= end - size:
            raise ValueError(f"ops.{op}: a block of {tuple(sizes)} at {starts} leaves a tensor of {inputs.shape}")


def _starts(start_indices: Any) -> list[Any]:
    """One scalar for each axis; Python integers as int32, tensors not below 0: XLA would count from the end."""
    return [jnp.maximum(i, 0) if isinstance(i, jax.Array) else convert(i, "int32") for i in start_indices]
