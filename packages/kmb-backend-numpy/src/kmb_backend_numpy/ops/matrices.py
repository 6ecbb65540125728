"""Determinants: NumPy's, in float32 for 16-bit floats."""

import numpy as np


def slogdet(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signs and logarithms of determinants."""
    wide = x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    sign, size = np.linalg.slogdet(wide)
    return np.asarray(sign, x.dtype), np.asarray(size, x.dtype)
