"""Parts of complex numbers: NumPy's."""

import numpy as np

real = np.real


def imag(x: np.ndarray) -> np.ndarray:
    """The imaginary part; zeros for real tensors."""
    return x.imag if x.dtype.kind == "c" else np.zeros(x.shape, x.dtype)


def conjugate(x: np.ndarray) -> np.ndarray:
    """The conjugate; real tensors as they are."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


conj = conjugate
