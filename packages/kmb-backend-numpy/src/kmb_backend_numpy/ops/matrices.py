"""Determinants: NumPy's, in float32 for 16-bit floats."""

import numpy as np

from kmb_backend_numpy.ops.decompositions import narrowed, widened


def slogdet(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Signs and logarithms of determinants."""
    sign, size = np.linalg.slogdet(widened(x))
    return narrowed(x, np.asarray(sign), np.asarray(size))


def det(x: np.ndarray) -> np.ndarray:
    """NumPy's."""
    return narrowed(x, np.asarray(np.linalg.det(widened(x))))[0]
