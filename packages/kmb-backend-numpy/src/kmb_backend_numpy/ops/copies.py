"""Copies: arrays can be overwritten."""

import numpy as np


def copy(x: np.ndarray) -> np.ndarray:
    """An array of its own."""
    return np.array(x)
