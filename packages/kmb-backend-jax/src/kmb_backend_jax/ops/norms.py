"""Norms of vectors and matrices."""

from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.manipulation import _fixed

_norm = kernel(
    lambda x, ord, axis, keepdims: jnp.linalg.norm(x, ord, axis, keepdims), static=("ord", "axis", "keepdims")
)


def norm(x: jax.Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> jax.Array:
    """The norm of vectors or matrices."""
    return _norm(x, ord, _fixed(axis), keepdims)
