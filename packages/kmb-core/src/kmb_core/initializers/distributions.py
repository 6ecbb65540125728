"""Initializers that draw from a given distribution, and random orthogonal matrices."""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np

from kmb_core.dtypes import is_float, numpy_dtype
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.initializers.initializer import RandomInitializer, Shape
from kmb_core.random import threefry


class RandomNormal(RandomInitializer):
    """Draws from a normal distribution.

    Args:
        mean: the mean.
        stddev: the standard deviation.
        seed: an integer, a seed generator or None.

    Example:
        >>> RandomNormal(seed=1).sample((2, 3), "float32").shape
        (2, 3)
    """

    arguments = ("mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def plan(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray]:
        """Return what works out the values."""
        return partial(threefry.normal, self.key(), shape, self.mean, self.stddev, dtype)


class TruncatedNormal(RandomInitializer):
    """Draws from a normal distribution cut off two standard deviations from the mean.

    Args:
        mean: the mean.
        stddev: the standard deviation before the cut.
        seed: an integer, a seed generator or None.
    """

    arguments = ("mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def plan(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray]:
        """Return what works out the values."""
        return partial(threefry.truncated_normal, self.key(), shape, self.mean, self.stddev, dtype)


class RandomUniform(RandomInitializer):
    """Draws uniformly from `[minval, maxval)`.

    Args:
        minval: the lower bound.
        maxval: the upper bound.
        seed: an integer, a seed generator or None.
    """

    arguments = ("minval", "maxval")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def plan(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray]:
        """Return what works out the values."""
        return partial(threefry.uniform, self.key(), shape, self.minval, self.maxval, dtype)


class Orthogonal(RandomInitializer):
    """Fills with a random orthogonal matrix, or with orthonormal rows or columns where it is not square.

    The QR factorization of a matrix of normal numbers, with the signs that make the result uniformly distributed
    (Mezzadri, "How to Generate Random Matrices from the Classical Compact Groups", 2007); as a start for deep
    networks: Saxe et al. 2014, arXiv:1312.6120. All axes but the last count as rows.

    Args:
        gain: a factor.
        seed: an integer, a seed generator or None.
    """

    arguments = ("gain",)

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def plan(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray]:
        """Return what works out the values."""
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a shape of at least 2 axes, got {shape}.")
        if not is_float(dtype):
            raise DTypeError(f"Orthogonal: expected a floating dtype, got {dtype!r}.")
        return partial(_orthogonal, self.key(), shape, self.gain, dtype)


def _orthogonal(key: np.ndarray, shape: Shape, gain: float, dtype: str) -> np.ndarray:
    rows, columns = prod(shape[:-1]), shape[-1]
    tall = (max(rows, columns), min(rows, columns))
    matrix, triangle = np.linalg.qr(threefry.normal(key, tall, dtype="float64"))
    matrix *= np.where(np.diag(triangle) < 0, -1.0, 1.0)
    matrix = matrix.T if rows < columns else matrix
    return (gain * matrix).reshape(shape).astype(numpy_dtype(dtype))
