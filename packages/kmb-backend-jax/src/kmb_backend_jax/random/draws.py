"""Random tensors by JAX's own generator: Threefry keys, from a seed or from a seed generator's state.

A draw is one kernel from the raw key to the values; typed keys would cost a call of their own.
"""

import itertools
import operator
import secrets
import threading
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.dtypes import native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_core.dtypes import floatx
from kmb_core.errors import message

_DRAWN = ("shape", "dtype")


def _key(seed: Any) -> Any:
    """The two words of a key."""
    if seed is None:
        return global_keys.next()
    return seed.next() if hasattr(seed, "next") else _words(operator.index(seed))


def _words(seed: int) -> np.ndarray:
    """What `jax.random.key` makes of a seed; taken here also where the seed does not fit in 32 bits."""
    return np.array([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF], np.uint32)


class GlobalKeys:
    """The keys of draws without a seed: JAX has no global generator, so this is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = itertools.count()
        self._start = _words(secrets.randbits(64))

    def start(self, seed: int) -> None:
        """Begin the sequence that belongs to a seed."""
        with self._lock:
            self._start, self._taken = _words(seed), itertools.count()

    def state(self) -> list[Any]:
        """Where the sequence stands."""
        with self._lock:
            taken = next(self._taken)
            self._taken = itertools.count(taken)
            return [self._start, taken]

    def set_state(self, state: Sequence[Any]) -> None:
        """Go on from there."""
        with self._lock:
            self._start, self._taken = np.asarray(state[0], np.uint32), itertools.count(state[1])

    def next(self) -> Any:
        """A key that was not given out before."""
        with self._lock:
            key = _folded(self._start, np.uint32(next(self._taken)))
        if isinstance(key, jax.core.Tracer):
            what = "a random op without a seed, in a function that JAX is tracing"
            cause = "Its numbers would be drawn once and be the same at each call of the compiled function."
            remedy = "Keep a SeedGenerator in an attribute of the layer and pass it as seed."
            raise ValueError(message(what, cause, remedy))
        return key


def _typed(key: Any) -> jax.Array:
    return jax.random.wrap_key_data(jnp.asarray(key, jnp.uint32), impl="threefry2x32")


_folded = kernel(lambda key, number: jax.random.key_data(jax.random.fold_in(_typed(key), number)))
global_keys = GlobalKeys()


def _float(dtype: str | None) -> np.dtype:
    return native_dtype(dtype or floatx())


def _sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


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
    return jnp.where(keep, inputs / jnp.asarray(kept, inputs.dtype), 0)


def uniform(
    shape: Sequence[int], minval: Any = 0.0, maxval: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """Evenly distributed from minval (included) to maxval (not)."""
    return _uniform(_key(seed), _sizes(shape), minval, maxval, _float(dtype))


def normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """Normally distributed."""
    return _normal(_key(seed), _sizes(shape), mean, stddev, _float(dtype))


def truncated_normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """Normally distributed, within two standard deviations."""
    return _truncated_normal(_key(seed), _sizes(shape), mean, stddev, _float(dtype))


def randint(shape: Sequence[int], minval: Any, maxval: Any, dtype: str = "int32", seed: Any = None) -> jax.Array:
    """Integers from minval (included) to maxval (not)."""
    return _randint(_key(seed), _sizes(shape), minval, maxval, native_dtype(dtype))


def gamma(shape: Sequence[int], alpha: Any, dtype: str | None = None, seed: Any = None) -> jax.Array:
    """Gamma distributed, scale 1."""
    return _gamma(_key(seed), _sizes(shape), alpha, _float(dtype))


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: str | None = None, seed: Any = None) -> jax.Array:
    """Beta distributed."""
    return _beta(_key(seed), _sizes(shape), alpha, beta, _float(dtype))


def binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: str | None = None, seed: Any = None
) -> jax.Array:
    """How many of `counts` trials succeed."""
    return _binomial(_key(seed), _sizes(shape), counts, probabilities, _float(dtype))


def shuffle(x: jax.Array, axis: int = 0, seed: Any = None) -> jax.Array:
    """The parts along an axis in random order."""
    return _shuffle(_key(seed), x, axis)


def categorical(logits: jax.Array, num_samples: int, dtype: str = "int32", seed: Any = None) -> jax.Array:
    """Classes drawn by their log-probabilities (batch, classes): (batch, num_samples)."""
    if logits.ndim != 2:
        raise ValueError(f"random.categorical: expected logits of shape (batch, classes), got {logits.shape}")
    return _categorical(_key(seed), logits, num_samples, native_dtype(dtype))


def dropout(
    inputs: jax.Array, rate: Any, noise_shape: Sequence[int | None] | None = None, seed: Any = None
) -> jax.Array:
    """Elements set to zero with probability `rate`, the others enlarged to keep the mean."""
    if isinstance(rate, (int, float)) and not 0 < rate < 1:
        return _certain(inputs, rate)
    shape = inputs.shape
    if noise_shape is not None:
        own = shape[len(shape) - len(noise_shape) :] if len(noise_shape) <= len(shape) else ()
        shape = tuple(size if n is None else n for n, size in zip(noise_shape, own, strict=True))
    return _dropout(_key(seed), inputs, rate, shape)


def _certain(inputs: jax.Array, rate: float) -> jax.Array:
    """What needs no drawing: nothing is dropped, or everything."""
    if rate not in (0, 1):
        raise ValueError(f"random.dropout: rate is from 0 to 1, got {rate}")
    return inputs if rate == 0 else jnp.zeros_like(inputs)
