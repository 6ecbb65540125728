"""Shapes: taking tensors apart and putting them together."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.sizes import is_symbolic
from kmb_core.shapes import normalize_axes

_reshape = kernel(jnp.reshape, static=("shape",))
_transpose = kernel(lambda x, axes: jnp.transpose(x, axes), static=("axes",))
_broadcast_to = kernel(lambda x, shape: jnp.broadcast_to(x, shape), static=("shape",))
_pad = kernel(lambda x, width, mode: jnp.pad(x, width, mode), static=("width", "mode"))
_pad_constant = kernel(
    lambda x, width, value: jnp.pad(x, width, "constant", constant_values=value), static=("width",)
)
_tile = kernel(lambda x, repeats: jnp.tile(x, repeats), static=("repeats",))
_repeat = kernel(lambda x, repeats, axis: jnp.repeat(x, np.array(repeats), axis), static=("repeats", "axis"))
_roll = kernel(lambda x, shift, axis: jnp.roll(x, shift, axis), static=("shift", "axis"))


@kernel(static=("parts", "axis"))
def _split(x: jax.Array, parts: Any, axis: int) -> list[jax.Array]:
    """Between places as NumPy's slices are: those beyond the end leave empty pieces, which JAX's own split refuses."""
    if isinstance(parts, int):
        return jnp.split(x, parts, axis)
    ends = zip((0, *parts), (*parts, x.shape[axis]), strict=True)
    spans = [slice(start, stop).indices(x.shape[axis]) for start, stop in ends]
    return [lax.slice_in_dim(x, start, max(start, stop), axis=axis) for start, stop, _ in spans]


_expand_dims = kernel(lambda x, axis: jnp.expand_dims(x, axis), static=("axis",))
_squeeze = kernel(lambda x, axis: jnp.squeeze(x, axis), static=("axis",))
_flip = kernel(lambda x, axis: jnp.flip(x, axis), static=("axis",))
_moveaxis = kernel(lambda x, origin, target: jnp.moveaxis(x, origin, target), static=("origin", "target"))
concatenate = kernel(lambda xs, axis=0: jnp.concatenate(xs, axis), static=("axis",))
stack = kernel(lambda x, axis=0: jnp.stack(x, axis), static=("axis",))
ravel = kernel(lambda x: jnp.ravel(x))
swapaxes = kernel(lambda x, axis1, axis2: jnp.swapaxes(x, axis1, axis2), static=("axis1", "axis2"))


def _fixed(value: Any) -> Any:
    """Nested lists and integer arrays as tuples, so that they can be part of a compiled function's key."""
    if value.__class__ is int or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(map(_fixed, value))
    if is_symbolic(value):
        return value
    return _fixed(np.asarray(value).tolist())


def reshape(x: jax.Array, newshape: int | Sequence[int]) -> jax.Array:
    """The same elements in another shape; one size may be -1."""
    return _reshape(x, _fixed(newshape))


def transpose(x: jax.Array, axes: Sequence[int] | None = None) -> jax.Array:
    """The axes in another order, reversed by default."""
    return _transpose(x, _fixed(axes))


def broadcast_to(x: jax.Array, shape: int | Sequence[int]) -> jax.Array:
    """Repeated along axes of size 1 and new leading ones."""
    return _broadcast_to(x, _fixed(shape))


def pad(x: jax.Array, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> jax.Array:
    """Extended at the ends of its axes."""
    if mode == "constant":
        return _pad_constant(x, _fixed(pad_width), 0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise ValueError(f"ops.pad: constant_values belongs to mode 'constant', got mode {mode!r}")
    return _pad(x, _fixed(pad_width), mode)


def flip(x: jax.Array, axis: int | Sequence[int] | None = None) -> jax.Array:
    """Reversed along axes."""
    return _flip(x, _fixed(axis))


def expand_dims(x: jax.Array, axis: int | Sequence[int]) -> jax.Array:
    """With new axes of size 1."""
    return _expand_dims(x, _fixed(axis))


def squeeze(x: jax.Array, axis: int | Sequence[int] | None = None) -> jax.Array:
    """Without axes of size 1."""
    return _squeeze(x, _fixed(axis))


def split(x: jax.Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[jax.Array]:
    """Equal parts, or the parts between indices."""
    return _split(x, _fixed(indices_or_sections), axis)


def tile(x: jax.Array, repeats: int | Sequence[int]) -> jax.Array:
    """Whole copies side by side."""
    return _tile(x, _fixed(repeats))


def repeat(x: jax.Array, repeats: Any, axis: int | None = None) -> jax.Array:
    """Each element several times in a row; the numbers must be known when a function is traced."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.repeat")
    return _repeat(x, _fixed(repeats), axis)


def moveaxis(x: jax.Array, source: int | Sequence[int], destination: int | Sequence[int]) -> jax.Array:
    """Axes in other places."""
    return _moveaxis(x, _fixed(source), _fixed(destination))


def roll(x: jax.Array, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> jax.Array:
    """Shifted along axes; what leaves at one end comes in at the other."""
    return _roll(x, _fixed(shift), _fixed(axis))


_unstack = kernel(
    lambda x, axis: [jax.lax.index_in_dim(x, i, axis, keepdims=False) for i in range(x.shape[axis])], static=("axis",)
)


def unstack(x: jax.Array, num: int | None = None, axis: int = 0) -> list[jax.Array]:
    """The parts along an axis, without it."""
    if num is not None and num != x.shape[axis]:
        raise ValueError(f"ops.unstack: num is {num}, axis {axis} of shape {x.shape} has {x.shape[axis]} parts")
    return _unstack(x, axis)
