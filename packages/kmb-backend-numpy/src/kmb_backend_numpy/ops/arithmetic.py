"""Arithmetic: NumPy's universal functions as they are, where they mean the same."""

from typing import Any

import numpy as np

from kmb_core.ops import arithmetic as declared

add = np.add
subtract = np.subtract
multiply = np.multiply
true_divide = np.true_divide
divide = np.true_divide
floor_divide = np.floor_divide
mod = np.mod
power = np.power
negative = np.negative
absolute = np.absolute
abs = np.absolute
sign = np.sign
floor = np.floor
ceil = np.ceil
maximum = np.maximum
minimum = np.minimum
reciprocal = np.reciprocal


def square(x: np.ndarray) -> np.ndarray:
    """NumPy's, which makes int8 of booleans."""
    return np.square(x) if x.dtype != np.bool_ else x.astype(np.int32)


def round(x: np.ndarray, decimals: int = 0) -> np.ndarray:
    """Integers and booleans, which NumPy makes half precision floats of, stay; negative decimals round integers."""
    if x.dtype.kind in "biu" and decimals >= 0:
        return x
    return np.round(x, decimals).astype(x.dtype, copy=False)  # bfloat16 comes back as float64


def trunc(x: np.ndarray) -> np.ndarray:
    """Integers and booleans stay."""
    return x if x.dtype.kind in "biu" else np.trunc(x)


def clip(x: np.ndarray, x_min: Any, x_max: Any) -> np.ndarray:
    """NumPy's, where the limits do not change the dtype."""
    if isinstance(x_min, (int, float)) and isinstance(x_max, (int, float)) and x.dtype.kind == "f":
        return np.minimum(np.maximum(x, x_min), x_max)  # a third of the time of np.clip
    if x.dtype.kind == "u":  # whose limits NumPy refuses where they are negative
        x_min, x_max = (max(bound, 0) if isinstance(bound, int) else bound for bound in (x_min, x_max))
    return declared.clip.op.body(x, x_min, x_max)
