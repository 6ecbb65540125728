"""Reading and writing parts of arrays."""

from typing import Any

import numpy as np


def take(x: np.ndarray, indices: np.ndarray, axis: int | None = None) -> np.ndarray:
    """NumPy's; indices out of range raise IndexError."""
    return np.take(x, indices, axis)


def take_along_axis(x: np.ndarray, indices: np.ndarray, axis: int | None = None) -> np.ndarray:
    """NumPy's."""
    return np.take_along_axis(x, indices, axis)


def get_item(x: np.ndarray, key: Any) -> np.ndarray:
    """Python's operator, which is NumPy's own."""
    return x[key]


def slice_update(inputs: np.ndarray, start_indices: Any, updates: np.ndarray) -> np.ndarray:
    """A copy with the block written."""
    if updates.ndim != inputs.ndim:
        raise ValueError("updates have as many axes as inputs")  # the declaration says it in full
    result = inputs.copy()
    key = tuple(slice(int(start), int(start) + size) for start, size in zip(start_indices, updates.shape, strict=True))
    result[key] = updates
    return result


_REDUCTIONS = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def scatter_update(
    inputs: np.ndarray, indices: np.ndarray, updates: np.ndarray, reduction: str | None = None
) -> np.ndarray:
    """A copy with the elements written, or combined one after the other."""
    result = inputs.copy()
    key = tuple(np.moveaxis(indices, -1, 0))
    updates = updates.astype(inputs.dtype, copy=False)
    if reduction is None:
        result[key] = updates
    else:
        _REDUCTIONS[reduction].at(result, key, updates)
    return result
