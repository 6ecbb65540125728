"""Bits and divisors: NumPy's universal functions."""

from typing import Any

import numpy as np

from kmb_core.dtypes import numpy_dtype

bitwise_and = np.bitwise_and
bitwise_or = np.bitwise_or
bitwise_xor = np.bitwise_xor
bitwise_left_shift = left_shift = np.left_shift
bitwise_right_shift = right_shift = np.right_shift
bitwise_not = bitwise_invert = np.invert
gcd = np.gcd
lcm = np.lcm


def view(x: np.ndarray, dtype: Any = None) -> np.ndarray:
    """The same bits under another dtype; elements of another width must lie side by side."""
    return np.asarray(x, order="C").view(x.dtype if dtype is None else numpy_dtype(dtype))
