"""tf.data datasets from the core's loaders: the numbers of the samples run through the pipeline, NumPy reads them."""

from typing import Any

import numpy as np
import tensorflow as tf

_NAMES = ("class_names", "file_paths")


def dataset_of(loader: Any) -> tf.data.Dataset:
    """A `tf.data.Dataset` with the batches of a loader.

    Args:
        loader: a `kmb_core.data.loader.BatchLoader`, without functions of its own.

    Returns:
        The dataset; its elements are `x`, or tuples. It has the loader's `class_names` and `file_paths`.
    """
    samples = loader.samples
    numbers = tf.data.Dataset.range(len(samples))
    if loader.shuffled and len(samples):
        numbers = numbers.shuffle(len(samples), seed=loader.seed, reshuffle_each_iteration=True)
    if loader.batch_size is not None:
        numbers = numbers.batch(loader.batch_size, drop_remainder=loader.drop_remainder)
    read = _ragged_reader(samples) if samples.ragged and loader.batch_size else _reader(samples, loader.batch_size)
    dataset = numbers.map(read, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    for name in _NAMES:
        if hasattr(loader, name):
            setattr(dataset, name, getattr(loader, name))
    return dataset


def _reader(samples: Any, batch_size: int | None) -> Any:
    specs = samples.spec()
    flat = tf.nest.flatten(specs)
    dtypes = [tf.as_dtype(spec.dtype) for spec in flat]

    def from_numpy(numbers: Any) -> list[np.ndarray]:
        element = samples.read(numbers) if batch_size is not None else samples[int(numbers)]
        return [_array(part, dtype) for part, dtype in zip(tf.nest.flatten(element), dtypes, strict=True)]

    def read(numbers: Any) -> Any:
        parts = tf.numpy_function(from_numpy, [numbers], dtypes)
        for part, spec in zip(parts, flat, strict=True):
            part.set_shape(spec.shape if batch_size is None else (numbers.shape[0], *spec.shape))
        return _element(tf.nest.pack_sequence_as(specs, parts))

    return read


def _ragged_reader(samples: Any) -> Any:
    """x as a ragged tensor: one long array and the lengths of its rows."""
    x, *others = samples.spec()
    dtypes = [tf.as_dtype(x.dtype), tf.int64, *(tf.as_dtype(spec.dtype) for spec in others)]

    def from_numpy(numbers: Any) -> list[np.ndarray]:
        rows, *rest = samples.read(numbers)
        lengths = np.array([len(row) for row in rows], dtype="int64")
        parts = [np.concatenate(list(rows)), lengths, *rest]
        return [_array(part, dtype) for part, dtype in zip(parts, dtypes, strict=True)]

    def read(numbers: Any) -> Any:
        values, lengths, *rest = tf.numpy_function(from_numpy, [numbers], dtypes)
        values.set_shape((None, *x.shape[1:]))
        lengths.set_shape((None,))
        for part, spec in zip(rest, others, strict=True):
            part.set_shape((None, *spec.shape))
        return _element((tf.RaggedTensor.from_row_lengths(values, lengths), *rest))

    return read


def _array(part: Any, dtype: tf.DType) -> np.ndarray:
    if dtype != tf.string:
        return np.asarray(part, dtype=dtype.as_numpy_dtype)
    texts = np.asarray(part, dtype=object)
    encoded = [text.encode() if isinstance(text, str) else text for text in texts.ravel().tolist()]
    return np.array(encoded, dtype=object).reshape(texts.shape)


def _element(element: tuple) -> Any:
    return element[0] if len(element) == 1 else element
