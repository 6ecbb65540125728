"""Shapes: NumPy's functions as they are, where they mean the same."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.shapes import normalize_axes, pad_widths

transpose = np.transpose
concatenate = np.concatenate
stack = np.stack
broadcast_to = np.broadcast_to
flip = np.flip
ravel = np.ravel
swapaxes = np.swapaxes
moveaxis = np.moveaxis


def reshape(x: np.ndarray, newshape: Any) -> np.ndarray:
    """NumPy's, under the op's name for the shape."""
    return np.reshape(x, newshape)


def tile(x: np.ndarray, repeats: Any) -> np.ndarray:
    """NumPy's, under the op's name for the counts."""
    return np.tile(x, repeats)


def expand_dims(x: np.ndarray, axis: int | Sequence[int]) -> np.ndarray:
    """NumPy's, for lists of axes too."""
    return np.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)  # type: ignore[arg-type]  # a list is no Sequence there


def squeeze(x: np.ndarray, axis: int | Sequence[int] | None = None) -> np.ndarray:
    """NumPy's, for lists of axes too."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.squeeze")
    return np.squeeze(x, tuple(axis) if isinstance(axis, list) else axis)  # type: ignore[arg-type]  # a list is no Sequence there


def repeat(x: np.ndarray, repeats: Any, axis: int | None = None) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.repeat")
    return np.repeat(x, repeats, axis)


def roll(x: np.ndarray, shift: Any, axis: Any = None) -> np.ndarray:
    """NumPy's; several shifts of a flattened array add up."""
    return np.roll(x, shift, axis)


def pad(x: np.ndarray, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> np.ndarray:
    """NumPy's three modes that all backends have."""
    widths = pad_widths(pad_width, x.ndim, "ops.pad")
    if mode not in ("constant", "reflect", "symmetric"):
        raise ValueError(mode)  # the declaration says it in full
    if not x.ndim:
        return x
    if constant_values is None:
        return np.pad(x, widths, mode)  # type: ignore[call-overload]  # mode is one of the literals
    return np.pad(x, widths, mode, constant_values=constant_values)  # type: ignore[call-overload]  # as above
