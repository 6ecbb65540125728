"""Comparison, logic and choice."""

from typing import Any

import numpy as np

equal = np.equal
not_equal = np.not_equal
less = np.less
less_equal = np.less_equal
greater = np.greater
greater_equal = np.greater_equal
logical_and = np.logical_and
logical_or = np.logical_or
logical_xor = np.logical_xor
logical_not = np.logical_not
isnan = np.isnan
isfinite = np.isfinite
isinf = np.isinf


def where(condition: np.ndarray, x1: Any = None, x2: Any = None) -> Any:
    """NumPy's; places are int32."""
    if x1 is None and x2 is None:
        return tuple(places.astype(np.int32) for places in np.nonzero(condition))
    return np.where(condition, x1, x2)
