"""Grids of unsigned integers for groups of rows, in NumPy: what GPTQ and AWQ round to."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Grid:
    """What integers of a matrix `(rows, columns)` stand for: `(integers - zero) * scale` in each group.

    Args:
        scale, zero: `(groups, columns)`; zero points are whole numbers.
        group: `(rows,)`, the group of each row.
        bits: of the integers.
    """

    scale: np.ndarray
    zero: np.ndarray
    group: np.ndarray
    bits: int

    def integers(self, matrix: np.ndarray) -> np.ndarray:
        """The nearest integers for a matrix."""
        scale, zero = self.scale[self.group], self.zero[self.group]
        return np.clip(np.round(matrix / scale) + zero, 0, 2**self.bits - 1)

    def values(self, integers: np.ndarray) -> np.ndarray:
        """What integers stand for."""
        return (integers - self.zero[self.group]) * self.scale[self.group]

    def row_integers(self, row: np.ndarray, group: int) -> np.ndarray:
        """The nearest integers for one row."""
        return np.clip(np.round(row / self.scale[group]) + self.zero[group], 0, 2**self.bits - 1)

    def row_values(self, integers: np.ndarray, group: int) -> np.ndarray:
        """What integers of one row stand for."""
        return (integers - self.zero[group]) * self.scale[group]


def group_ranges(matrix: np.ndarray, bits: int, size: int, symmetric: bool = False, per_channel: bool = True) -> Grid:
    """The grid on which the smallest and largest weight of each group lie.

    Args:
        matrix: `(rows, columns)`.
        bits: of the integers.
        size: rows of a group; -1 for all.
        symmetric: whether the zero point is the middle of the integers.
        per_channel: a range for each column; else one for all.
    """
    rows, columns = matrix.shape
    size = rows if size == -1 else size
    group = np.arange(rows) // size
    parts = [scale_and_zero(matrix[group == g], bits, symmetric, per_channel) for g in range(-(-rows // size))]
    scale = np.stack([np.broadcast_to(part[0], (columns,)) for part in parts])
    zero = np.stack([np.broadcast_to(part[1], (columns,)) for part in parts])
    return Grid(scale, zero, group, bits)


def scale_and_zero(block: np.ndarray, bits: int, symmetric: bool, per_channel: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scale and zero point of a block; the range holds zero, so a zero weight stays one."""
    axis = 0 if per_channel else None
    low = np.minimum(block.min(axis=axis), 0.0)
    high = np.maximum(block.max(axis=axis), 0.0)
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    steps = 2**bits - 1
    scale = np.where(high > low, (high - low) / steps, 1.0).astype("float32")
    middle = np.full_like(scale, 2 ** (bits - 1))
    return scale, middle if symmetric else np.clip(np.round(-low / scale), 0, steps)
