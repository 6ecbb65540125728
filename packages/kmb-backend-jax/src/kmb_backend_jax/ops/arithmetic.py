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
maximum = kernel(lambda x1, x2: jnp.maximum(x1, x2))
minimum = kernel(lambda x1, x2: jnp.minimum(x1, x2))
negative = kernel(jnp.negative)
sign = kernel(jnp.sign)
floor = kernel(jnp.floor)
ceil = kernel(jnp.ceil)
square = kernel(lambda x: jnp.square(x if x.dtype != jnp.bool_ else x.astype(jnp.int32)))
reciprocal = kernel(jnp.reciprocal)




@jax.custom_jvp
def _size(x: jax.Array) -> jax.Array:
    return jnp.abs(x)


@_size.defjvp
def _size_derivative(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    """0 at 0, where JAX has 1."""
    (x,), (tangent,) = primals, tangents
    return _size(x), jnp.sign(x) * tangent


absolute = abs = kernel(  # the op's public name
    lambda x: _size(x) if jnp.issubdtype(x.dtype, jnp.floating) else jnp.abs(x)
)


def power(x1: jax.Array, x2: Any) -> jax.Array:
    """x1 to the power x2; 0 to the power 0 is 1, with derivative 0 and not NaN."""
    if x1.dtype not in INEXACT:
        return jnp.power(x1, x2)
    if isinstance(x2, jax.Array):
        return _power(x1, x2)
    return jnp.power(x1, x2) if x2 else jnp.ones_like(x1)  # an integer exponent becomes multiplications


@kernel
def _power(x1: jax.Array, x2: jax.Array) -> jax.Array:
    return jnp.power(jnp.where((x1 == 0) & (x2 == 0), 1, x1), x2)


@kernel
def _clip(x: jax.Array, x_min: Any, x_max: Any) -> jax.Array:
    """By choices: at the bounds themselves the derivative is 1, where two extremes make it a half."""
    x = jnp.where(x < x_min, x_min, x)
    return jnp.where(x > x_max, x_max, x)


@kernel
def trunc(x: jax.Array) -> jax.Array:
    """Round towards zero."""
    return jnp.trunc(x) if x.dtype in FLOATS else x


@kernel(static=("decimals",))
def round(x: jax.Array, decimals: int = 0) -> jax.Array:  # the op's public name
    """Round half to even; negative decimals round integers."""
    if x.dtype in INEXACT:
        return jnp.round(x, decimals)
    return x if decimals >= 0 or x.dtype == jnp.bool_ else _round_integers(x, 10**-decimals)


def _round_integers(x: jax.Array, step: int) -> jax.Array:
    """To a multiple of step, without a detour over floats, which would lose digits."""
    quotient, rest = jnp.divmod(x.astype(jnp.int32), step)
    up = (2 * rest > step) | ((2 * rest == step) & (quotient % 2 == 1))
    return ((quotient + up) * step).astype(x.dtype)


def clip(x: jax.Array, x_min: Any, x_max: Any) -> jax.Array:
    """Limit to an interval; whole numbers with broken limits become floats."""
    limits = [v if np.isscalar(v) else convert(v) for v in (x_min, x_max)]
    if x.dtype not in INEXACT and any(np.result_type(v).kind == "f" for v in limits):
        x = cast(x, floatx())
    return _clip(x, *limits)
