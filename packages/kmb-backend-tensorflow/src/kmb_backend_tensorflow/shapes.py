"""Shapes of tensors whose sizes a graph may not know before it runs.

Shapes and axes go to TensorFlow as arrays: lists take the slow way through its eager runtime (70 µs instead of 24 for
transposing a small matrix).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.raw import raw_op

_shape_of = raw_op("Shape")


def static_shape(x: Any) -> tuple[int | None, ...]:
    """The sizes that are known without running anything; None for the others."""
    return tuple(x.shape)


def dynamic_shape(x: Any) -> tuple[Any, ...]:
    """The shape: ints where known, scalar int32 tensors where only the running graph knows."""
    static = tuple(x.shape)
    if None not in static:
        return static
    sizes = tf.shape(x)
    return tuple(sizes[i] if size is None else size for i, size in enumerate(static))


def shape_tensor(x: Any) -> Any:
    """The whole shape as something that TensorFlow's functions take: a tuple of ints, or an int32 tensor."""
    static = tuple(x.shape)
    return tf.shape(x) if None in static else static


def axes_of(x: Any, axis: Any) -> list[int]:
    """The axes counted from the front; None means all."""
    count = len(x.shape)
    if axis is None:
        return list(range(count))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if any(not -count <= a < count for a in axes):
        raise ValueError(f"axes {axes} are not all among {count} axes")  # the declaration says it in full
    return [a + count if a < 0 else a for a in axes]


def as_order(axes: Iterable[int]) -> np.ndarray:
    """An order of axes for a transposition."""
    return np.array(tuple(axes), np.int32)


def as_shape(shape: Any) -> Any:
    """A shape argument for TensorFlow: sizes may be ints, scalar tensors, or None for "whatever is left" (-1)."""
    if isinstance(shape, (tuple, list)):
        sizes = [-1 if size is None else size for size in shape]
        if all(isinstance(size, int) for size in sizes):
            return np.array(sizes, np.int32 if max(sizes, default=0) < 2**31 else np.int64)
        return tf.stack([tf.cast(size, tf.int32) for size in sizes])
    return shape
