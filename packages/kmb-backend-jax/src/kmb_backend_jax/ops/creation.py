"""Making tensors. Shapes are static, so a kernel with no argument is a compiled constant: one call instead of 160."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.conversion import cast as cast  # the op is the conversion that the contract asks for
from kmb_backend_jax.conversion import convert
from kmb_backend_jax.dtypes import native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_backend_jax.sizes import is_symbolic
from kmb_core.dtypes import floatx

_zeros = kernel(jnp.zeros, static=("shape", "dtype"))
_ones = kernel(jnp.ones, static=("shape", "dtype"))
_eye = kernel(lambda N, M, k, dtype: jnp.eye(N, M, k, dtype), static=("N", "M", "k", "dtype"))
_tri = kernel(lambda N, M, k, dtype: jnp.tri(N, M, k, dtype), static=("N", "M", "k", "dtype"))
_zeros_like = kernel(lambda x, dtype: jnp.zeros_like(x, dtype), static=("dtype",))
_ones_like = kernel(lambda x, dtype: jnp.ones_like(x, dtype), static=("dtype",))
_full = kernel(lambda shape, value, dtype: jnp.full(shape, value, dtype), static=("shape", "dtype"))
tril = kernel(lambda x, k=0: jnp.tril(x, k), static=("k",))
triu = kernel(lambda x, k=0: jnp.triu(x, k), static=("k",))
stop_gradient = kernel(lax.stop_gradient)


def _shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = (shape,) if np.ndim(shape) == 0 else shape
    return tuple([size if is_symbolic(size) else int(size) for size in sizes])  # type: ignore[union-attr]  # a sequence


def _dtype(dtype: str | None) -> np.dtype:
    return native_dtype(dtype or floatx())


def zeros(shape: int | Sequence[int], dtype: str | None = None) -> jax.Array:
    """Zeros."""
    return _zeros(_shape(shape), _dtype(dtype))


def ones(shape: int | Sequence[int], dtype: str | None = None) -> jax.Array:
    """Ones."""
    return _ones(_shape(shape), _dtype(dtype))


empty = zeros  # XLA has no uninitialised memory to offer


def full(shape: int | Sequence[int], fill_value: Any, dtype: str | None = None) -> jax.Array:
    """One value, broadcast to the shape."""
    return _full(_shape(shape), _value(fill_value), _dtype(dtype))


def _value(fill_value: Any) -> Any:
    """A scalar as it is; anything else as a tensor, since a list is no argument of a compiled function."""
    return fill_value if np.isscalar(fill_value) else convert(fill_value)


def zeros_like(x: jax.Array, dtype: str | None = None) -> jax.Array:
    """Zeros in the shape of x."""
    return _zeros_like(x, None if dtype is None else native_dtype(dtype))


def ones_like(x: jax.Array, dtype: str | None = None) -> jax.Array:
    """Ones in the shape of x."""
    return _ones_like(x, None if dtype is None else native_dtype(dtype))


def full_like(x: jax.Array, fill_value: Any, dtype: str | None = None) -> jax.Array:
    """One value, broadcast to the shape of x."""
    return _full(x.shape, _value(fill_value), x.dtype if dtype is None else native_dtype(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> jax.Array:
    """Ones on a diagonal."""
    return _eye(N, M, k, _dtype(dtype))


def identity(n: int, dtype: str | None = None) -> jax.Array:
    """The unit matrix."""
    return _eye(n, None, 0, _dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> jax.Array:
    """Ones on and below a diagonal."""
    return _tri(N, M, k, _dtype(dtype))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: str | None = None) -> jax.Array:
    """Evenly spaced values; integers where all arguments are."""
    if dtype is None:
        given = [v for v in (start, stop, step) if v is not None]
        dtype = floatx() if any(np.result_type(v).kind == "f" for v in given) else "int32"
    return jnp.arange(start, stop, step, native_dtype(dtype))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> Any:
    """`num` evenly spaced values between two ends."""
    rank = len(jnp.broadcast_shapes(start.shape, jnp.shape(stop))) + 1
    if not -rank <= axis < rank:  # which JAX does not ask for num=1
        raise ValueError("axis out of range")  # the declaration says it in full
    return jnp.linspace(start, stop, num, endpoint, retstep, None if dtype is None else native_dtype(dtype), axis)
