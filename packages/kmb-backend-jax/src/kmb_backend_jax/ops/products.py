"""Products of matrices and vectors."""

from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.manipulation import _fixed

matmul = kernel(lambda x1, x2: jnp.matmul(x1, x2))
# x2 may be a Python number, which takes the dtype of x1.
dot = kernel(lambda x1, x2: jnp.dot(x1, jnp.asarray(x2, x1.dtype)))
vdot = kernel(lambda x1, x2: jnp.vdot(x1, x2))
outer = kernel(lambda x1, x2: jnp.outer(x1, jnp.asarray(x2, x1.dtype)))
inner = kernel(lambda x1, x2: jnp.inner(x1, jnp.asarray(x2, x1.dtype)))
trace = kernel(
    lambda x, offset=0, axis1=0, axis2=1: jnp.trace(x, offset, axis1, axis2), static=("offset", "axis1", "axis2")
)
_tensordot = kernel(lambda x1, x2, axes: jnp.tensordot(x1, x2, axes), static=("axes",))
_einsum = kernel(lambda subscripts, operands: jnp.einsum(subscripts, *operands), static=("subscripts",))


def tensordot(x1: jax.Array, x2: jax.Array, axes: Any = 2) -> jax.Array:
    """The product, summed over the given axes of both."""
    return _tensordot(x1, x2, _fixed(axes))


def einsum(subscripts: str, *operands: jax.Array, **kwargs: Any) -> jax.Array:
    """The sum of products that the subscripts say."""
    return _einsum(subscripts, operands)
