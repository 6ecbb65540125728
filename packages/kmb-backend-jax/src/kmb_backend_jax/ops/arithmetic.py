"""Arithmetic, element by element.

`jnp`'s binary functions are objects whose call is Python code; as kernels they are one C++ call each.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.conversion import cast, convert
from kmb_backend_jax.dtypes import FLOATS, INEXACT
from kmb_backend_jax.kernel import kernel
from kmb_core.dtypes import floatx

add = kernel(lambda x1, x2: jnp.add(x1, x2))
subtract = kernel(lambda x1, x2: jnp.subtract(x1, x2))
multiply = kernel(lambda x1, x2: jnp.multiply(x1, x2))
true_divide = divide = kernel(lambda x1, x2: jnp.true_divide(x1, x2))
floor_divide = kernel(lambda x1, x2: jnp.floor_divide(x1, x2))
mod = kernel(lambda x1, x2: jnp.mod(x1, x2))
power = jnp.power  # not a kernel: an integer exponent that is a Python number becomes multiplications
maximum = kernel(lambda x1, x2: jnp.maximum(x1, x2))
minimum = kernel(lambda x1, x2: jnp.minimum(x1, x2))
negative = kernel(jnp.negative)
absolute = abs = kernel(jnp.abs)  # the op's public name
sign = kernel(jnp.sign)
floor = kernel(jnp.floor)
ceil = kernel(jnp.ceil)
square = kernel(lambda x: jnp.square(x if x.dtype != jnp.bool_ else x.astype(jnp.int32)))
reciprocal = kernel(jnp.reciprocal)


_clip = kernel(lambda x, x_min, x_max: jnp.clip(x, x_min, x_max))


@kernel
def trunc(x: jax.Array) -> jax.Array:
    """Round towards zero."""
    return jnp.trunc(x) if x.dtype in FLOATS else x


@kernel(static=("decimals",))
def round(x: jax.Array, decimals: int = 0) -> jax.Array:  # the op's public name
    """Round half to even."""
    return jnp.round(x, decimals) if x.dtype in INEXACT else x


def clip(x: jax.Array, x_min: Any, x_max: Any) -> jax.Array:
    """Limit to an interval; whole numbers with broken limits become floats."""
    limits = [v if np.isscalar(v) else convert(v) for v in (x_min, x_max)]
    if x.dtype not in INEXACT and any(np.result_type(v).kind == "f" for v in limits):
        x = cast(x, floatx())
    return _clip(x, *limits)
