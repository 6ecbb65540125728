"""Exponentials, logarithms, trigonometry and the error function, element by element."""

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.kernel import kernel

sqrt = kernel(jnp.sqrt)
rsqrt = kernel(lambda x: lax.rsqrt(x))
exp = kernel(jnp.exp)
expm1 = kernel(jnp.expm1)
log = kernel(jnp.log)
log1p = kernel(jnp.log1p)
log2 = kernel(jnp.log2)
log10 = kernel(jnp.log10)
logaddexp = kernel(lambda x1, x2: jnp.logaddexp(x1, x2))
sin = kernel(jnp.sin)
cos = kernel(jnp.cos)
tan = kernel(jnp.tan)
arcsin = kernel(jnp.arcsin)
arccos = kernel(jnp.arccos)
arctan = kernel(jnp.arctan)
sinh = kernel(jnp.sinh)
cosh = kernel(jnp.cosh)
tanh = kernel(jnp.tanh)
arcsinh = kernel(jnp.arcsinh)
arccosh = kernel(jnp.arccosh)
arctanh = kernel(jnp.arctanh)
erf = kernel(lambda x: lax.erf(x))
erfinv = kernel(lambda x: lax.erf_inv(x))
erfc = kernel(lambda x: lax.erfc(x))


@kernel
def arctan2(x1: jax.Array, x2: jax.Array) -> jax.Array:
    """The angle of the point (x2, x1); at the origin its derivatives are 0, not NaN."""
    origin = (x1 == 0) & (x2 == 0)
    return jnp.where(origin, lax.stop_gradient(jnp.arctan2(x1, x2)), jnp.arctan2(x1, jnp.where(origin, 1, x2)))
