"""Random tensors by JAX's own generator: Threefry keys, from a seed or from a seed generator's state.

A draw is one kernel from the raw key to the values; typed keys would cost a call of their own.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.dtypes import native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_core.dtypes import floatx

_DRAWN = ("shape", "dtype")


def _key(seed: Any) -> Any:
    """The two words of a key; those of an int are what `jax.random.key` makes of it."""
    if seed is None:
        seed = secrets.randbits(64)
    if isinstance(seed, (int, np.integer)):
        return np.array([int(seed) >> 32 & 0xFFFFFFFF, int(seed) & 0xFFFFFFFF], np.uint32)
    return seed.next() if hasattr(seed, "next") else seed


def _typed(key: Any) -> jax.Array:
    return jax.random.wrap_key_data(jnp.asarray(key, jnp.uint32), impl="threefry2x32")


def _float(dtype: str | None) -> np.dtype:
    return native_dtype(dtype or floatx())


@kernel(static=_DRAWN)
def _uniform(key: Any, shape: tuple[int, ...], minval: Any, maxval: Any, dtype: np.dtype) -> jax.Array:
    return jax.random.uniform(_typed(key), shape, dtype, minval, maxval)


@kernel(static=_DRAWN)
def _normal(key: Any, shape: tuple[int, ...], mean: Any, stddev: Any, dtype: np.dtype) -> jax.Array:
    return (jax.random.normal(_typed(key), shape, dtype) * stddev + mean).astype(dtype)


@kernel(static=_DRAWN)
def _truncated_normal(key: Any, shape: tuple[int, ...], mean: Any, stddev: Any, dtype: np.dtype) -> jax.Array:
    return (jax.random.truncated_normal(_typed(key), -2, 2, shape, dtype) * stddev + mean).astype(dtype)


@kernel(static=_DRAWN)
def _randint(key: Any, shape: tuple[int, ...], minval: Any, maxval: Any, dtype: np.dtype) -> jax.Array:
    return jax.random.randint(_typed(key), shape, minval, maxval, dtype)


@kernel(static=_DRAWN)
def _gamma(key: Any, shape: tuple[int, ...], alpha: Any, dtype: np.dtype) -> jax.Array:
    return jax.random.gamma(_typed(key), jnp.asarray(alpha, dtype), shape, dtype)


@kernel(static=_DRAWN)
def _beta(key: Any, shape: tuple[int, ...], alpha: Any, beta: Any, dtype: np.dtype) -> jax.Array:
    return jax.random.beta(_typed(key), jnp.asarray(alpha, dtype), jnp.asarray(beta, dtype), shape, dtype)


@kernel(static=_DRAWN)
def _binomial(key: Any, shape: tuple[int, ...], counts: Any, probabilities: Any, dtype: np.dtype) -> jax.Array:
    # The sampler's constants are float32; half a float would also not count beyond 256 or 2048.
    counts, probabilities = jnp.asarray(counts, jnp.float32), jnp.asarray(probabilities, jnp.float32)
    return jax.random.binomial(_typed(key), counts, probabilities, shape, jnp.float32).astype(dtype)


@kernel(static=("axis",))
def _shuffle(key: Any, x: jax.Array, axis: int) -> jax.Array:
    return jax.random.permutation(_typed(key), x, axis)


@kernel(static=("num_samples", "dtype"))
def _categorical(key: Any, logits: jax.Array, num_samples: int, dtype: np.dtype) -> jax.Array:
    shape = (*logits.shape[:-1], num_samples)
    return jax.random.categorical(_typed(key), logits[..., None, :], shape=shape).astype(dtype)


@kernel(static=("noise_shape",))
def _dropout(key: Any, inputs: jax.Array, rate: Any, noise_shape: tuple[int, ...]) -> jax.Array:
    kept = 1.0 - rate
    keep = jax.random.bernoulli(_typed(key), kept, noise_shape)
    scale = jnp.where(kept > 0, 1.0 / kept, 0.0).astype(inputs.dtype)
    return jnp.where(keep, inputs * scale, jnp.zeros((), inputs.dtype))


def uniform(
    shape: Sequence[int], minval: Any = 0.0, maxval: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """Evenly distributed from minval (included) to maxval (not)."""
    return _uniform(_key(seed), tuple(shape), minval, maxval, _float(dtype))


def normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """Normally distributed."""
    return _normal(_key(seed), tuple(shape), mean, stddev, _float(dtype))


def truncated_normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """Normally distributed, within two standard deviations."""
    return _truncated_normal(_key(seed), tuple(shape), mean, stddev, _float(dtype))


def randint(shape: Sequence[int], minval: Any, maxval: Any, dtype: str = "int32", seed: Any = None) -> jax.Array:
    """Integers from minval (included) to maxval (not)."""
    return _randint(_key(seed), tuple(shape), minval, maxval, native_dtype(dtype))


def gamma(shape: Sequence[int], alpha: Any, dtype: str | None = None, seed: Any = None) -> jax.Array:
    """Gamma distributed, scale 1."""
    return _gamma(_key(seed), tuple(shape), alpha, _float(dtype))


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: str | None = None, seed: Any = None) -> jax.Array:
    """Beta distributed."""
    return _beta(_key(seed), tuple(shape), alpha, beta, _float(dtype))


def binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """How many of `counts` trials succeed."""
    return _binomial(_key(seed), tuple(shape), counts, probabilities, _float(dtype))


def shuffle(x: jax.Array, axis: int = 0, seed: Any = None) -> jax.Array:
    """The parts along an axis in random order."""
    return _shuffle(_key(seed), x, axis)


def categorical(logits: jax.Array, num_samples: int, dtype: str = "int32", seed: Any = None) -> jax.Array:
    """Classes drawn by their log-probabilities (batch, classes): (batch, num_samples)."""
    return _categorical(_key(seed), logits, num_samples, native_dtype(dtype))


def dropout(
    inputs: jax.Array, rate: Any, noise_shape: Sequence[int | None] | None = None, seed: Any = None
) -> jax.Array:
    """Elements set to zero with probability `rate`, the others enlarged to keep the mean."""
    shape = inputs.shape
    if noise_shape is not None:
        shape = tuple(size if n is None else n for n, size in zip(noise_shape, inputs.shape, strict=True))
    return _dropout(_key(seed), inputs, rate, shape)
