"""What a setting may be: each function returns the value to store, or raises a ValueError."""

import operator
from typing import Any

import numpy as np

from kmb_core.dtypes import default

DATA_FORMATS = ("channels_last", "channels_first")


def floatx(value: Any) -> str:
    """Accept the name of a floating dtype that models are computed in."""
    if isinstance(value, str) and value in default.FLOATX_NAMES:
        return value
    raise ValueError(f"floatx: expected one of {', '.join(default.FLOATX_NAMES)}; got {value!r:.60}.")


def epsilon(value: Any) -> float:
    """Accept a small positive number."""
    if isinstance(value, float | np.floating) and 0 < value < 1:
        return float(value)
    raise ValueError(f"epsilon: expected a number between 0 and 1, got {value!r:.60}.")


def data_format(value: Any) -> str:
    """Accept "channels_last" or "channels_first", in any case."""
    if isinstance(value, str) and value.lower() in DATA_FORMATS:
        return value.lower()
    raise ValueError(f"image_data_format: expected one of {', '.join(DATA_FORMATS)}; got {value!r:.60}.")


def limit(name: str, value: Any) -> int | None:
    """Accept None or a whole number above zero."""
    return None if value is None else _whole(name, value, 1, "None or a whole number above 0")


def count(name: str, value: Any) -> int:
    """Accept zero or a whole number above it."""
    return _whole(name, value, 0, "a whole number, 0 or more")


def _whole(name: str, value: Any, least: int, expected: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"{name}: expected {expected}, got {value!r:.60}.")
    return number
