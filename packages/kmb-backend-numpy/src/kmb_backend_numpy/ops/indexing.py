"""Reading and writing parts of arrays."""

from typing import Any

import numpy as np

from kmb_core.shapes import normalize_axes


def take(x: np.ndarray, indices: np.ndarray, axis: int | None = None) -> np.ndarray:
    """NumPy's; indices out of range raise IndexError."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.take")
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
    axes = zip(start_indices, updates.shape, inputs.shape, strict=True)
    result[tuple(_span(start, size, whole) for start, size, whole in axes)] = updates
    return result


def _span(start: Any, size: int, whole: int) -> slice:
    """A block along an axis; an array's start is moved so that the block lies in it."""
    place = int(start)
    if isinstance(start, int) and not 0 <= place <= whole - size:
        raise ValueError("the block does not lie in the tensor")
    place = max(min(place, whole - size), 0)
    return slice(place, place + size)


_REDUCTIONS = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def scatter_update(
    inputs: np.ndarray, indices: np.ndarray, updates: np.ndarray, reduction: str | None = None
) -> np.ndarray:
    """A copy with the elements written, or combined one after the other."""
    if updates.shape != indices.shape[:-1] + inputs.shape[indices.shape[-1] :]:
        raise ValueError("the updates' shape does not fit")  # the declaration says it in full
    result = inputs.copy()
    updates = updates.astype(inputs.dtype, copy=False)
    sizes = inputs.shape[: indices.shape[-1]]
    inside = np.all((indices >= np.negative(sizes)) & (indices < sizes), -1)
    if not inside.all():
        indices, updates = indices[inside], updates[inside]
    key = tuple(np.moveaxis(indices, -1, 0))
    if reduction is None:
        result[key] = updates
    else:
        _REDUCTIONS[reduction].at(result, key, updates)
    return result
