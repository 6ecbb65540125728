"""Products of matrices and vectors."""

from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.manipulation import _fixed

# Products of int8 are summed in int32.
matmul = kernel(lambda x1, x2: jnp.matmul(*_factors(x1, x2), preferred_element_type=_sum_dtype(x1)))
# x2 may be a Python number, which takes the dtype of x1.
dot = kernel(lambda x1, x2: jnp.dot(x1, jnp.asarray(x2, x1.dtype)))
vdot = kernel(lambda x1, x2: jnp.vdot(x1, x2))
outer = kernel(lambda x1, x2: jnp.outer(x1, jnp.asarray(x2, x1.dtype)))
inner = kernel(lambda x1, x2: jnp.inner(x1, jnp.asarray(x2, x1.dtype)))
trace = kernel(
    lambda x, offset=0, axis1=0, axis2=1: jnp.trace(x, offset, axis1, axis2), static=("offset", "axis1", "axis2")
)
_tensordot = kernel(lambda x1, x2, axes: jnp.tensordot(x1, x2, axes), static=("axes",))
_einsum = kernel(
    lambda subscripts, operands: jnp.einsum(
        subscripts, *_factors(*operands), preferred_element_type=_sum_dtype(operands[0])
    ).astype(_sum_dtype(operands[0])),
    static=("subscripts",),
)


def _factors(*operands: jax.Array) -> tuple[jax.Array, ...]:
    """The operands as XLA multiplies them rightly.

    On GPUs it gives twice the product of int8 matrices whose sizes are no multiples of 4 (seen with JAX 0.11.2).
    """
    if operands[0].dtype != jnp.int8 or jax.default_backend() != "gpu":
        return operands
    odd = any(size % 4 for x in operands for size in x.shape)
    return tuple(x.astype(jnp.int32) for x in operands) if odd else operands


def _sum_dtype(x: jax.Array) -> Any:
    return jnp.int32 if x.dtype == jnp.int8 else x.dtype


def tensordot(x1: jax.Array, x2: jax.Array, axes: Any = 2) -> jax.Array:
    """The product, summed over the given axes of both."""
    if isinstance(axes, int) and axes < 0:
        raise ValueError("a negative number of axes")  # the declaration says it in full
    return _tensordot(x1, x2, _fixed(axes))


def einsum(subscripts: str, *operands: jax.Array, **kwargs: Any) -> jax.Array:
    """The sum of products that the subscripts say."""
    return _einsum(subscripts, operands)
