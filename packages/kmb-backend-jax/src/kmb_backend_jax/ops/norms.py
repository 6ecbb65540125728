"""Norms of vectors and matrices."""

from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.decompositions import narrowed, widened
from kmb_backend_jax.ops.manipulation import _fixed
from kmb_backend_jax.ops.reduction import root_of_squares


@kernel(static=("ord", "axis", "keepdims"))
def _norm(x: jax.Array, ord: Any, axis: Any, keepdims: bool) -> jax.Array:
    wide, count = widened(x), x.ndim if axis is None else len(axis) if isinstance(axis, tuple) else 1
    if ord is None or (ord == 2 and count == 1) or (ord == "fro" and count == 2):
        found = root_of_squares(jnp.sum(jnp.square(jnp.abs(wide)), axis, keepdims=keepdims))
    else:
        found = jnp.linalg.norm(wide, ord, axis, keepdims)
    return narrowed(x, found)[0]


def norm(x: jax.Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> jax.Array:
    """The norm of vectors or matrices."""
    return _norm(x, ord, _fixed(axis), keepdims)
