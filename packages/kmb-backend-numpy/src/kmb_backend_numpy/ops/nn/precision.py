"""16-bit floats are storage to NumPy: what sums or exponentiates them works in float32 and rounds once, at the end.

NumPy has no BLAS for them, adds bfloat16 numbers up in bfloat16, and widens bfloat16 by a Python float.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np


def in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call a function of a floating array in float32 where the array has 16 bits."""

    @functools.wraps(function)
    def wide(x: Any, *args: Any, **kwargs: Any) -> Any:
        if x.dtype.itemsize > 2:
            return function(x, *args, **kwargs)
        return function(x.astype(np.float32), *args, **kwargs).astype(x.dtype)

    return wide
