"""GPTQ and AWQ: integers for a weight that keep the layer's outputs, for inputs that were seen.

Both want `|| X W - X W' ||` small over the inputs X of a calibration, and need only `X^T X` for it.
"""

from typing import Any

import numpy as np

from kmb_core.layers.quantization.rounding import Grid, group_ranges, scale_and_zero
from kmb_core.layers.quantization.statistics import InputStatistics

_ROWS_AT_ONCE = 128  # rows whose errors are handed on among themselves before all others get them


def gptq(matrix: np.ndarray, statistics: InputStatistics, config: Any) -> tuple[np.ndarray, Grid]:
    """Round row after row; the rows that are still to come make up for the error.

    Source: Frantar et al., 2022, algorithm 1, with W transposed: a row here is a column there. With
    `activation_order` (the authors' later addition) rows with the largest inputs come first, on grids made beforehand.

    Args:
        matrix: the weight, `(rows, columns)`.
        statistics: of the layer's inputs.
        config: a GPTQConfig.

    Returns:
        The integers `(rows, columns)` and their grid.
    """
    weights = matrix.astype("float64")
    hessian = statistics.gram * 2.0
    unused = np.diag(hessian) == 0
    hessian[unused, unused] = 1.0
    weights[unused] = 0.0
    size = len(weights) if config.group_size == -1 else config.group_size
    grid = group_ranges(weights, config.weight_bits, size, config.symmetric, config.per_channel)
    order = np.argsort(-np.diag(hessian), kind="stable") if config.activation_order else np.arange(len(weights))
    hessian[np.diag_indices_from(hessian)] += config.hessian_damping * np.mean(np.diag(hessian)) + 1e-12
    factor = _upper_factor_of_inverse(hessian[np.ix_(order, order)])
    integers = _rounded_in_order(weights[order], factor, grid, order, None if config.activation_order else config)
    return integers[np.argsort(order)], grid


def _upper_factor_of_inverse(hessian: np.ndarray) -> np.ndarray:
    """U with `U^T U` the inverse of the Hessian; its row i holds how the error of row i is shared out."""
    inverse = np.linalg.inv(hessian)
    return np.linalg.cholesky((inverse + inverse.T) / 2).T


def _rounded_in_order(
    weights: np.ndarray, factor: np.ndarray, grid: Grid, order: np.ndarray, config: Any
) -> np.ndarray:
    """The integers of rows in order; with a config the grid of a group is made when its first row comes."""
    count = len(weights)
    integers = np.zeros_like(weights)
    for start in range(0, count, _ROWS_AT_ONCE):
        end = min(start + _ROWS_AT_ONCE, count)
        errors = np.zeros((end - start, weights.shape[1]))
        for i in range(start, end):
            group = int(grid.group[order[i]])
            if config is not None and (i == 0 or grid.group[order[i - 1]] != group):
                _renew(grid, group, weights[grid.group == group], config)
            integers[i] = grid.row_integers(weights[i], group)
            errors[i - start] = (weights[i] - grid.row_values(integers[i], group)) / factor[i, i]
            weights[i + 1 : end] -= np.outer(factor[i, i + 1 : end], errors[i - start])
        weights[end:] -= factor[start:end, end:].T @ errors
    return integers


def _renew(grid: Grid, group: int, rows: np.ndarray, config: Any) -> None:
    """The grid of a group for its rows as they are now, with what earlier rows handed on."""
    scale, zero = scale_and_zero(rows, config.weight_bits, config.symmetric, config.per_channel)
    grid.scale[group], grid.zero[group] = scale, zero


def awq(matrix: np.ndarray, statistics: InputStatistics, config: Any) -> tuple[np.ndarray, Grid, np.ndarray]:
    """Multiply rows by a power of how large their inputs are, round to the nearest, and choose the power by the error.

    Source: Lin et al., 2023, section 3.2, equations 4 and 5.

    Args:
        matrix: the weight, `(rows, columns)`.
        statistics: of the layer's inputs.
        config: an AWQConfig.

    Returns:
        The integers `(rows, columns)`, their grid, and what rows were multiplied by, `(rows,)`.
    """
    weights = matrix.astype("float64")
    magnitude = np.maximum(statistics.magnitude / max(statistics.count, 1), 1e-4)
    found = [_scaled(weights, magnitude**power, config) for power in np.linspace(0.0, 1.0, config.num_grid_points)]
    errors = [statistics.error(grid.values(integers) / scales[:, None] - weights) for integers, grid, scales in found]
    return found[int(np.argmin(errors))]


def _scaled(weights: np.ndarray, scales: np.ndarray, config: Any) -> tuple[np.ndarray, Grid, np.ndarray]:
    scales = (scales / np.sqrt(scales.max() * scales.min())).astype("float32").astype("float64")
    grid = group_ranges(weights * scales[:, None], config.weight_bits, config.group_size)
    return grid.integers(weights * scales[:, None]), grid, scales
