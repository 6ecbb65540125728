"""What calibration remembers of a layer's inputs: enough for GPTQ and AWQ, and no more than a matrix for each layer."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy


class InputStatistics:
    """Sums over the inputs that a layer was called with.

    Attributes:
        gram: `X^T X`, `(rows, rows)`, of all inputs X `(count, rows)`.
        magnitude: sum of `|X|`, `(rows,)`.
        count: how many inputs there were.
    """

    def __init__(self, rows: int) -> None:
        self.gram = np.zeros((rows, rows), "float64")
        self.magnitude = np.zeros(rows, "float64")
        self.count = 0

    def add(self, inputs: np.ndarray) -> None:
        """Add inputs `(count, rows)`."""
        inputs = inputs.astype("float64")
        self.gram += inputs.T @ inputs
        self.magnitude += np.abs(inputs).sum(axis=0)
        self.count += len(inputs)

    def error(self, difference: np.ndarray) -> float:
        """The mean squared difference of the outputs for a difference of the weights, `(rows, columns)`."""
        return float(np.sum((self.gram @ difference) * difference) / max(self.count, 1))


@contextmanager
def recorded(layers: Iterable[Any]) -> Iterator[dict[int, InputStatistics]]:
    """Inside, calls of these layers add to their statistics, found by `id(layer)`."""
    layers = list(layers)
    found = {id(layer): InputStatistics(layer.quantizable_weights()[0].rows) for layer in layers}
    for layer in layers:
        layer.__dict__["call"] = _recording(layer, found[id(layer)])
    try:
        yield found
    finally:
        for layer in layers:
            del layer.__dict__["call"]


def _recording(layer: Any, statistics: InputStatistics) -> Any:
    call, weight = layer.call, layer.quantizable_weights()[0]

    def recording(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        statistics.add(convert_to_numpy(layer.summed_inputs(inputs, weight)))
        return call(inputs, *args, **kwargs)

    return recording
