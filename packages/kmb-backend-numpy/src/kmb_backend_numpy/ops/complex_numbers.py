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


def view_as_complex(x: np.ndarray) -> np.ndarray:
    """The pairs as they lie, read as complex numbers; a copy."""
    if x.shape[-1:] != (2,) or x.dtype.kind == "c":
        raise ValueError(f"no pairs of real numbers: {x.dtype}{list(x.shape)}")
    wide = np.array(x, np.float64 if x.dtype == np.float64 else np.float32, order="C")
    return wide.view(np.complex128 if x.dtype == np.float64 else np.complex64)[..., 0]
