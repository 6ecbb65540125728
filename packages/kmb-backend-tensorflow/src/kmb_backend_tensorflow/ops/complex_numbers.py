"""Parts of complex numbers: TensorFlow's kernels, which know no real tensors."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.ops.decompositions import widened


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


def view_as_complex(x: Any) -> Any:
    """Complex numbers from pairs; TensorFlow joins 32 and 64 bits."""
    if not x.shape[-1:].is_compatible_with((2,)) or x.dtype.is_complex:
        raise ValueError(f"no pairs of real numbers: {x.dtype}{list(x.shape)}")
    wide = widened(x)
    return tf.complex(wide[..., 0], wide[..., 1])
