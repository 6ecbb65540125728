"""Reductions, cumulative sums, sorting and ranking.

Sums of integers narrower than 32 bits widen to 32; the mean of integers is a float of the process' default dtype, which
is looked up outside of the kernels.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.conversion import cast, convert
from kmb_backend_jax.dtypes import INEXACT, native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_core.dtypes import floatx

Axis = int | Sequence[int] | None

_WIDENED = {
    np.dtype("bool"): np.dtype("int32"),
    np.dtype("int8"): np.dtype("int32"),
    np.dtype("int16"): np.dtype("int32"),
    np.dtype("uint8"): np.dtype("uint32"),
    np.dtype("uint16"): np.dtype("uint32"),
}

_AXES = ("axis", "keepdims")


def _reducing(function: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    """A kernel with the signature that most reductions share; a list of axes becomes a tuple, which can be a key."""
    compiled = kernel(function, static=("axis", "keepdims"))

    def reduce(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
        return compiled(x, tuple(axis) if axis.__class__ is list else axis, keepdims)

    return reduce


def _inexact(function: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    def average(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
        return function(x if x.dtype in INEXACT else cast(x, floatx()), axis, keepdims)

    return average


def _accumulator(x: jax.Array) -> np.dtype:
    return _WIDENED.get(x.dtype, x.dtype)


sum = _reducing(lambda x, axis, keepdims: jnp.sum(x, axis, _accumulator(x), keepdims=keepdims))
amax = _reducing(lambda x, axis, keepdims: jnp.max(x, axis, keepdims=keepdims))
amin = _reducing(lambda x, axis, keepdims: jnp.min(x, axis, keepdims=keepdims))
any = _reducing(lambda x, axis, keepdims: jnp.any(x, axis, keepdims=keepdims))
all = _reducing(lambda x, axis, keepdims: jnp.all(x, axis, keepdims=keepdims))
argmax = _reducing(lambda x, axis, keepdims: jnp.argmax(x, axis, keepdims=keepdims).astype(np.int32))
argmin = _reducing(lambda x, axis, keepdims: jnp.argmin(x, axis, keepdims=keepdims).astype(np.int32))
logsumexp = _reducing(lambda x, axis, keepdims: jax.scipy.special.logsumexp(x, axis, keepdims=keepdims))
mean = _inexact(_reducing(lambda x, axis, keepdims: jnp.mean(x, axis, keepdims=keepdims)))
var = _inexact(_reducing(lambda x, axis, keepdims: jnp.var(x, axis, keepdims=keepdims)))


def root_of_squares(total: jax.Array) -> jax.Array:
    """The square root of a sum of squares; where that is 0, its minimum, the derivative is 0 and not NaN."""
    least = total == 0
    return jnp.where(least, total, jnp.sqrt(jnp.where(least, 1, total)))


std = _inexact(_reducing(lambda x, axis, keepdims: root_of_squares(jnp.var(x, axis, keepdims=keepdims))))
_nonzero = _reducing(lambda x, axis, keepdims: jnp.sum(x != 0, axis, np.int32, keepdims=keepdims))
_prod = kernel(
    lambda x, axis, keepdims, dtype: jnp.prod(x, axis, dtype or _accumulator(x), keepdims=keepdims),
    static=("axis", "keepdims", "dtype"),
)
_max = kernel(lambda x, axis, keepdims, initial: jnp.max(x, axis, keepdims=keepdims, initial=initial), static=_AXES)
_min = kernel(lambda x, axis, keepdims, initial: jnp.min(x, axis, keepdims=keepdims, initial=initial), static=_AXES)


def prod(x: jax.Array, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> jax.Array:
    """The product."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return _prod(x, axis, keepdims, None if dtype is None else native_dtype(dtype))


def max(x: jax.Array, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> jax.Array:  # public name
    """The largest element."""
    return amax(x, axis, keepdims) if initial is None else _max(x, axis, keepdims, _start(x, initial))


def min(x: jax.Array, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> jax.Array:  # public name
    """The smallest element."""
    return amin(x, axis, keepdims) if initial is None else _min(x, axis, keepdims, _start(x, initial))


def _start(x: jax.Array, initial: Any) -> jax.Array:
    return cast(convert(initial), x.dtype.name)


def count_nonzero(x: jax.Array, axis: Axis = None) -> jax.Array:
    """How many elements are not zero."""
    return _nonzero(x, axis)


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
