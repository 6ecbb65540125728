"""Places in sorted sequences: NumPy's, as int32."""

import numpy as np


def searchsorted(sorted_sequence: np.ndarray, values: np.ndarray, side: str = "left") -> np.ndarray:
    """Where values would have to be put in."""
    return np.asarray(np.searchsorted(sorted_sequence, values, side), np.int32)
