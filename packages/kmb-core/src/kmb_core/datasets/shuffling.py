"""Orders and splits of the sets of data, as Keras has them: published results depend on which rows are held out."""

from typing import Any

import numpy as np


def shuffled(seed: int, *arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays of one length in one new order.

    Args:
        seed: of NumPy's former generator.
        arrays: of the same length.
    """
    order = np.arange(len(arrays[0]))
    np.random.RandomState(seed).shuffle(order)
    return [array[order] for array in arrays]


def split(x: np.ndarray, y: np.ndarray, test_split: float) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """((x, y) of the first rows, (x, y) of the last ones).

    Raises:
        ValueError: for a share outside of 0 … 1.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"load_data: test_split lies between 0 and 1, got {test_split}")
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
