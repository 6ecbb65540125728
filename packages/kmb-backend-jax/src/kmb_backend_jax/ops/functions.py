"""Exponentials, logarithms, trigonometry and the error function, element by element."""

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
arctan2 = kernel(lambda x1, x2: jnp.arctan2(x1, x2))
sinh = kernel(jnp.sinh)
cosh = kernel(jnp.cosh)
tanh = kernel(jnp.tanh)
arcsinh = kernel(jnp.arcsinh)
arccosh = kernel(jnp.arccosh)
arctanh = kernel(jnp.arctanh)
erf = kernel(lambda x: lax.erf(x))
erfinv = kernel(lambda x: lax.erf_inv(x))
erfc = kernel(lambda x: lax.erfc(x))
