"""Parts of complex numbers: TensorFlow's kernels, which know no real tensors."""

from typing import Any

import tensorflow as tf


def real(x: Any) -> Any:
    """The real part; real tensors as they are."""
    return tf.math.real(x) if x.dtype.is_complex else x


def imag(x: Any) -> Any:
    """The imaginary part; zeros for real tensors."""
    return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)


def conjugate(x: Any) -> Any:
    """The conjugate; real tensors as they are."""
    return tf.math.conj(x) if x.dtype.is_complex else x


conj = conjugate
