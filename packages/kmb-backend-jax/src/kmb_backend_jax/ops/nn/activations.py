"""Activation functions: those of `jax.nn`, whose derivatives are right at the bends, each as one kernel.

Called as it is, `jax.nn.relu` costs 447 Python calls, because its derivative is declared by hand.
"""

import jax
import jax.numpy as jnp
from jax import nn

from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.ops.arithmetic import clip

relu = kernel(nn.relu)
elu = kernel(lambda x, alpha=1.0: nn.elu(x, alpha))
selu = kernel(nn.selu)
celu = kernel(lambda x, alpha=1.0: nn.celu(x, alpha))
sigmoid = kernel(nn.sigmoid)
log_sigmoid = kernel(nn.log_sigmoid)
hard_sigmoid = kernel(nn.hard_sigmoid)
sparse_sigmoid = kernel(lambda x: (clip(x, -1.0, 1.0) + 1) / 2)
silu = kernel(nn.silu)
hard_silu = kernel(nn.hard_silu)
softplus = kernel(nn.softplus)
sparse_plus = kernel(nn.sparse_plus)
softsign = kernel(nn.soft_sign)
hard_tanh = kernel(nn.hard_tanh)
tanh_shrink = kernel(lambda x: x - jnp.tanh(x))


@kernel
def relu6(x: jax.Array) -> jax.Array:
    """x between 0 and 6: `jax.nn.relu6` makes floats of integers, `jnp.clip` halves the derivative at the bends."""
    return jnp.where(x <= 0, 0, jnp.where(x >= 6, 6, x))


@kernel
def leaky_relu(x: jax.Array, negative_slope: float = 0.2) -> jax.Array:
    """x, or a fraction of it below zero."""
    return jnp.where(x > 0, x, negative_slope * x)


@kernel
def threshold(x: jax.Array, threshold: float, default_value: float) -> jax.Array:
    """x where it is above the threshold."""
    return jnp.where(x <= threshold, default_value, x)


@kernel
def squareplus(x: jax.Array, b: float = 4) -> jax.Array:
    """(x + sqrt(x² + b)) / 2."""
    return nn.squareplus(x, b)


@kernel(static=("axis",))
def glu(x: jax.Array, axis: int = -1) -> jax.Array:
    """The first half of an axis times the sigmoid of the second."""
    return nn.glu(x, axis)


@kernel(static=("approximate",))
def gelu(x: jax.Array, approximate: bool = True) -> jax.Array:
    """x times the normal distribution function of x."""
    return nn.gelu(x, approximate)


@kernel
def hard_shrink(x: jax.Array, threshold: float = 0.5) -> jax.Array:
    """x where it is further from zero than the threshold."""
    return jnp.where(jnp.abs(x) <= threshold, 0, x)


@kernel
def soft_shrink(x: jax.Array, threshold: float = 0.5) -> jax.Array:
    """x, nearer to zero by the threshold."""
    return x - clip(x, -threshold, threshold)


@kernel(static=("axis",))
def softmax(x: jax.Array, axis: int | tuple[int, ...] | None = -1) -> jax.Array:
    """Exponentials divided by their sum."""
    return nn.softmax(x, axis)


@kernel(static=("axis",))
def log_softmax(x: jax.Array, axis: int | tuple[int, ...] | None = -1) -> jax.Array:
    """The logarithm of the softmax."""
    return nn.log_softmax(x, axis)
