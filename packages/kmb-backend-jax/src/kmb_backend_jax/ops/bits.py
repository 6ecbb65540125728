"""Bits and divisors."""

from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.dtypes import native_dtype
from kmb_backend_jax.kernel import kernel

bitwise_and = kernel(lambda x, y: jnp.bitwise_and(x, y))
bitwise_or = kernel(lambda x, y: jnp.bitwise_or(x, y))
bitwise_xor = kernel(lambda x, y: jnp.bitwise_xor(x, y))
bitwise_not = bitwise_invert = kernel(lambda x: jnp.invert(x))
bitwise_left_shift = left_shift = kernel(lambda x, y: jnp.left_shift(x, y))
bitwise_right_shift = right_shift = kernel(lambda x, y: jnp.right_shift(x, y))
gcd = kernel(lambda x1, x2: jnp.gcd(x1, x2))
lcm = kernel(lambda x1, x2: jnp.lcm(x1, x2))
_view = kernel(lambda x, dtype: x.view(dtype), static=("dtype",))


def view(x: jax.Array, dtype: Any = None) -> jax.Array:
    """The same bits under another dtype."""
    return x if dtype is None else _view(x, native_dtype(dtype))
