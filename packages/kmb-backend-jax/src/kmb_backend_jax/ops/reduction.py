"""Reductions, cumulative sums, sorting and ranking.

Sums of integers narrower than 32 bits widen to 32; the mean of integers is a float of the process' default dtype, which
is looked up outside of the kernels.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.conversion import cast
from kmb_backend_jax.dtypes import INEXACT, native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_core.dtypes import floatx

Axis = int | tuple[int, ...] | None

_WIDENED = {
    np.dtype("bool"): np.dtype("int32"),
    np.dtype("int8"): np.dtype("int32"),
    np.dtype("int16"): np.dtype("int32"),
    np.dtype("uint8"): np.dtype("uint32"),
    np.dtype("uint16"): np.dtype("uint32"),
}

reducing = {"static": ("axis", "keepdims")}


def _accumulator(x: jax.Array) -> np.dtype:
    return _WIDENED.get(x.dtype, x.dtype)


@kernel(**reducing)
def sum(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:  # the op's public name
    """The sum."""
    return jnp.sum(x, axis, _accumulator(x), keepdims=keepdims)


_prod = kernel(
    lambda x, axis, keepdims, dtype: jnp.prod(x, axis, dtype or _accumulator(x), keepdims=keepdims),
    static=("axis", "keepdims", "dtype"),
)


def prod(x: jax.Array, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> jax.Array:
    """The product."""
    return _prod(x, axis, keepdims, None if dtype is None else native_dtype(dtype))


@kernel(**reducing)
def max(x: jax.Array, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> jax.Array:  # public name
    """The largest element."""
    return jnp.max(x, axis, keepdims=keepdims, initial=initial)


@kernel(**reducing)
def min(x: jax.Array, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> jax.Array:  # public name
    """The smallest element."""
    return jnp.min(x, axis, keepdims=keepdims, initial=initial)


amax = kernel(lambda x, axis=None, keepdims=False: jnp.max(x, axis, keepdims=keepdims), **reducing)
amin = kernel(lambda x, axis=None, keepdims=False: jnp.min(x, axis, keepdims=keepdims), **reducing)
any = kernel(lambda x, axis=None, keepdims=False: jnp.any(x, axis, keepdims=keepdims), **reducing)
all = kernel(lambda x, axis=None, keepdims=False: jnp.all(x, axis, keepdims=keepdims), **reducing)
count_nonzero = kernel(lambda x, axis=None: jnp.sum(x != 0, axis, np.int32), static=("axis",))

_mean = kernel(lambda x, axis, keepdims: jnp.mean(x, axis, keepdims=keepdims), **reducing)
_var = kernel(lambda x, axis, keepdims: jnp.var(x, axis, keepdims=keepdims), **reducing)
_std = kernel(lambda x, axis, keepdims: jnp.std(x, axis, keepdims=keepdims), **reducing)


def _inexact(x: jax.Array) -> jax.Array:
    return x if x.dtype in INEXACT else cast(x, floatx())


def mean(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """The mean."""
    return _mean(_inexact(x), axis, keepdims)


def var(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """The mean square of the distance to the mean."""
    return _var(_inexact(x), axis, keepdims)


def std(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """The square root of the variance."""
    return _std(_inexact(x), axis, keepdims)


@kernel(**reducing)
def logsumexp(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """log(sum(exp(x))), without overflow."""
    return jax.scipy.special.logsumexp(x, axis, keepdims=keepdims)


@kernel(**reducing)
def argmax(x: jax.Array, axis: int | None = None, keepdims: bool = False) -> jax.Array:
    """Where the largest element stands."""
    return jnp.argmax(x, axis, keepdims=keepdims).astype(np.int32)


@kernel(**reducing)
def argmin(x: jax.Array, axis: int | None = None, keepdims: bool = False) -> jax.Array:
    """Where the smallest element stands."""
    return jnp.argmin(x, axis, keepdims=keepdims).astype(np.int32)


_cumsum = kernel(lambda x, axis, dtype: jnp.cumsum(x, axis, dtype), static=("axis", "dtype"))
_cumprod = kernel(lambda x, axis, dtype: jnp.cumprod(x, axis, dtype), static=("axis", "dtype"))


def _cumulative_dtype(x: jax.Array, dtype: str | None) -> np.dtype:
    if dtype is not None:
        return native_dtype(dtype)
    return native_dtype("int32") if x.dtype == bool else x.dtype


def cumsum(x: jax.Array, axis: int | None = None, dtype: str | None = None) -> jax.Array:
    """Sums of all elements up to each."""
    return _cumsum(x, axis, _cumulative_dtype(x, dtype))


def cumprod(x: jax.Array, axis: int | None = None, dtype: str | None = None) -> jax.Array:
    """Products of all elements up to each."""
    return _cumprod(x, axis, _cumulative_dtype(x, dtype))


@kernel(static=("axis",))
def argsort(x: jax.Array, axis: int | None = -1) -> jax.Array:
    """The order that sorts; equal elements stay as they are."""
    return jnp.argsort(x, axis).astype(np.int32)


@kernel(static=("axis",))
def sort(x: jax.Array, axis: int | None = -1) -> jax.Array:
    """The elements in rising order."""
    return jnp.sort(x, axis)


@kernel(static=("k", "sorted"))
def top_k(x: jax.Array, k: int, sorted: bool = True) -> tuple[jax.Array, jax.Array]:
    """The k largest along the last axis, and where they stand."""
    values, indices = lax.top_k(x, k)
    return values, indices.astype(np.int32)
