"""Random draws with TensorFlow's stateless generators.

Every draw is a stateless op with a key of two numbers: from a seed generator's `next()`, from an int, or, without a
seed, from TensorFlow's own global generator, which `tf.random.set_seed` restarts. Eager code and
graphs draw the same; XLA has another order of its own.
"""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES, FLOATS, HALVES_AS_FLOAT32, INTEGERS, as_dtype, cast, native_dtype
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_shape, dynamic_shape

_bitcast, _select, _multiply, _less = raw_op("Bitcast"), raw_op("SelectV2"), raw_op("Mul"), raw_op("Less")
_INTEGERS = frozenset((tf.int32, tf.int64, tf.uint32, tf.uint64))


def key_of(seed: Any) -> Any:
    """The two numbers that a stateless op draws with."""
    if seed is None:
        return tf.random.uniform((2,), tf.int32.min, tf.int32.max, tf.int32)
    if isinstance(seed, int):
        return tf.constant([seed & 0x7FFFFFFF, (seed >> 31) & 0x7FFFFFFF], tf.int32)
    key = seed.next()
    return _bitcast(key, tf.int32) if key.dtype is tf.uint32 else cast(key, tf.int32)


def _floating(dtype: Any) -> tf.DType:
    target = native_dtype(dtype)
    if target not in FLOATS:
        raise ValueError(f"{dtype} is no floating dtype")
    return target


def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Uniform in [minval, maxval)."""
    target = _floating(dtype)
    drawn = tf.random.stateless_uniform(as_shape(shape), key_of(seed), dtype=target)
    if minval.__class__ is float and maxval.__class__ is float and (minval, maxval) == (0.0, 1.0):
        return drawn
    low = as_dtype(minval, target)
    return drawn * (as_dtype(maxval, target) - low) + low


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal."""
    target = _floating(dtype)
    drawn = tf.random.stateless_normal(as_shape(shape), key_of(seed), dtype=target)
    return drawn * as_dtype(stddev, target) + as_dtype(mean, target)


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal, drawn again where further than two deviations from the mean."""
    target = _floating(dtype)
    drawn = tf.random.stateless_truncated_normal(as_shape(shape), key_of(seed), dtype=target)
    return drawn * as_dtype(stddev, target) + as_dtype(mean, target)


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Integers in [minval, maxval)."""
    target = native_dtype(dtype)
    if target not in INTEGERS:
        raise ValueError(f"{dtype} is no integer dtype")
    wide = target if target in _INTEGERS else tf.int32
    low, high = as_dtype(minval, wide), as_dtype(maxval, wide)
    return cast(tf.random.stateless_uniform(as_shape(shape), key_of(seed), low, high, wide), target)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Gamma with rate 1."""
    target = native_dtype(dtype)
    wide = HALVES_AS_FLOAT32.get(target, target)
    drawn = tf.random.stateless_gamma(as_shape(shape), key_of(seed), as_dtype(alpha, wide), dtype=wide)
    return cast(drawn, target)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Number of successes in `counts` trials."""
    target = native_dtype(dtype)
    chances = as_dtype(probabilities, tf.float32)
    drawn = tf.random.stateless_binomial(
        as_shape(shape), key_of(seed), as_dtype(counts, tf.float32), chances, tf.float32
    )
    return cast(drawn, target)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Classes drawn with the probabilities softmax(logits), (batch, classes) → (batch, num_samples)."""
    drawn = tf.random.stateless_categorical(logits, num_samples, key_of(seed), tf.int64)
    return cast(drawn, DTYPES[dtype] if dtype is not None else tf.int32)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The slices along an axis in random order."""
    order = tf.argsort(tf.random.stateless_uniform((dynamic_shape(x)[axis],), key_of(seed)), stable=True)
    return tf.gather(x, order, axis=axis)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Zero with probability `rate`, else scaled by 1 / (1 - rate)."""
    if isinstance(rate, (int, float)) and not 0 < rate < 1:
        if rate in (0, 1):
            return inputs if rate == 0 else tf.zeros_like(inputs)
        raise ValueError(f"the rate lies between 0 and 1, got {rate}")
    dtype = HALVES_AS_FLOAT32.get(inputs.dtype, inputs.dtype)
    sizes = dynamic_shape(inputs)
    if noise_shape is not None:
        sizes = tuple(own if size is None else size for own, size in zip(sizes, noise_shape, strict=True))
    drawn = tf.random.stateless_uniform(as_shape(sizes), key_of(seed), dtype=dtype)
    dropped = _less(drawn, rate)
    return _select(dropped, tf.zeros((), inputs.dtype), _multiply(inputs, 1.0 / (1.0 - rate)))
