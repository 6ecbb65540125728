"""Random numbers from Philox, keyed by the seed: a counter-based generator, so nearby keys give unrelated streams.

Without a seed NumPy's own global generator is drawn from, so `np.random.seed` holds for it.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.dtypes import is_float, numpy_dtype, standardize_dtype

Shape = int | Sequence[int]


def _generator(seed: Any) -> np.random.Generator:
    if seed is None:
        return np.random.Generator(np.random.get_bit_generator())
    if hasattr(seed, "next"):
        first, second = (int(word) for word in seed.next())
        return np.random.Generator(np.random.Philox(key=first | second << 32))
    return np.random.Generator(np.random.Philox(key=operator.index(seed) % 2**64))


def _working(dtype: str | None) -> tuple[np.dtype, type]:
    """The dtype of the result, and the one that is drawn in."""
    name = standardize_dtype(dtype)
    if not is_float(name):
        raise TypeError(f"expected a floating dtype, got {name}")
    return numpy_dtype(name), np.float64 if name == "float64" else np.float32


def uniform(shape: Shape, minval: float = 0.0, maxval: float = 1.0, dtype: str | None = None, seed: Any = None) -> Any:
    """Uniform from minval up to, but without, maxval."""
    target, working = _working(dtype)
    drawn = _generator(seed).random(shape, working)
    if (minval, maxval) != (0, 1):
        drawn *= working(maxval) - working(minval)
        drawn += working(minval)
    elif target == working:
        return drawn
    result = np.asarray(drawn).astype(target, copy=False)
    last = np.nextafter(np.asarray(maxval, target), np.asarray(minval, target))
    return np.minimum(result, last) if minval < maxval else result  # rounding may have reached maxval


def normal(shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None, seed: Any = None) -> Any:
    """Normal with a mean and a standard deviation."""
    target, working = _working(dtype)
    drawn = _generator(seed).standard_normal(shape, working)
    if stddev != 1:
        drawn *= working(stddev)
    if mean != 0:
        drawn += working(mean)
    return np.asarray(drawn).astype(target, copy=False)


def randint(shape: Shape, minval: int, maxval: int, dtype: str = "int32", seed: Any = None) -> Any:
    """Integers from minval up to, but without, maxval."""
    return np.asarray(_generator(seed).integers(minval, maxval, shape, numpy_dtype(dtype)))


def gamma(shape: Shape, alpha: Any, dtype: str | None = None, seed: Any = None) -> Any:
    """Gamma with rate 1."""
    target, _ = _working(dtype)
    return np.asarray(_generator(seed).standard_gamma(_wide(alpha), shape)).astype(target)


def beta(shape: Shape, alpha: Any, beta: Any, dtype: str | None = None, seed: Any = None) -> Any:
    """Beta; NumPy's own copes with parameters so small that both gamma variates are 0."""
    target, _ = _working(dtype)
    return np.asarray(_generator(seed).beta(_wide(alpha), _wide(beta), shape)).astype(target)


def binomial(shape: Shape, counts: Any, probabilities: Any, dtype: str | None = None, seed: Any = None) -> Any:
    """Successes in a number of trials."""
    target, _ = _working(dtype)
    drawn = _generator(seed).binomial(_wide(counts).astype(np.int64), _wide(probabilities), shape)
    return np.asarray(drawn).astype(target)


def categorical(logits: Any, num_samples: int, dtype: str = "int32", seed: Any = None) -> Any:
    """Class numbers by inversion: all rows' distribution functions lie end to end, row i from i to i + 1.

    The numbers drawn have 24 bits, so that adding i loses none of them.
    """
    batch, classes = logits.shape
    weights = np.exp(_wide(logits) - _wide(logits).max(-1, keepdims=True))
    steps = np.cumsum(weights, -1)
    steps /= steps[:, -1:]
    rows = np.arange(batch)[:, None]
    drawn = _generator(seed).random((batch, num_samples), np.float32).astype(np.float64)
    places = np.searchsorted((steps + rows).ravel(), (drawn + rows).ravel(), side="right")
    return (places.reshape(batch, num_samples) - rows * classes).astype(numpy_dtype(dtype))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The slices along an axis in random order."""
    return _generator(seed).permutation(x, axis=axis)


def _wide(x: Any) -> Any:
    return np.asarray(x).astype(np.float64)
