"""Weights of classes turned into weights of samples, so that the loss knows only the latter."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kmb_core.errors import ShapeError, StructureError, message

if TYPE_CHECKING:
    from kmb_core.data.adapter import DataAdapter


def sample_weights(y: Any, class_weight: Mapping[int, float], sample_weight: Any = None) -> np.ndarray:
    """Look up the weight of each sample's class.

    Args:
        y: class numbers of shape `(samples,)` or `(samples, 1)`, or one-hot rows of shape `(samples, classes)`.
        class_weight: weight of each class number; a class that is not listed weighs 1.
        sample_weight: weights of shape `(samples,)` to multiply with, or None.

    Returns:
        Weights of shape `(samples,)`, float32.

    Raises:
        StructureError: where `y` is missing or not a single array.
        ShapeError: where `y` has more than two axes.

    Example:
        >>> sample_weights([0, 1, 1], {0: 1.0, 1: 2.5}).tolist()
        [1.0, 2.5, 2.5]
    """
    numbers, places = np.unique(_class_numbers(y), return_inverse=True)
    listed = np.array([class_weight.get(int(number), 1.0) for number in numbers], dtype="float32")
    weights = listed[places.reshape(-1)]
    if sample_weight is None:
        return weights
    given = np.asarray(sample_weight, dtype="float32")
    return given * weights.reshape(weights.shape + (1,) * (given.ndim - 1))


def _class_numbers(y: Any) -> np.ndarray:
    if y is None or isinstance(y, Mapping | tuple) or (isinstance(y, list) and y and hasattr(y[0], "shape")):
        raise StructureError(
            message(
                f"class_weight needs y to be one array, got {type(y).__name__}.",
                "The model has several outputs, or no targets were given.",
                "Give sample_weight for each output instead.",
            )
        )
    labels = np.asarray(y)
    if labels.ndim == 0 or labels.ndim > 2:
        raise ShapeError(
            message(
                f"class_weight: y has shape {labels.shape}; expected (samples,), (samples, 1) or (samples, classes).",
                remedy="Give sample_weight instead.",
            )
        )
    return labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.reshape(-1)


class ClassWeightedAdapter:
    """Adds the weights of classes to the batches of another adapter.

    Args:
        source: the adapter that gives the batches.
        class_weight: weight of each class number.
    """

    def __init__(self, source: "DataAdapter", class_weight: Mapping[int, float]) -> None:
        self._source = source
        self._class_weight = class_weight
        self.batch_size = source.batch_size
        self.num_batches = source.num_batches
        self.on_epoch_begin = source.on_epoch_begin
        self.on_epoch_end = source.on_epoch_end
        self.reads_ahead = getattr(source, "reads_ahead", False)
        self.close = source.close

    def batches(self) -> Iterator[tuple]:
        """Give the batches of one epoch, each as `(x, y, sample_weight)`.

        Returns:
            An iterator over the batches.

        Raises:
            StructureError: where a batch has no targets.
        """
        for batch in self._source.batches():
            y = batch[1] if len(batch) > 1 else None
            given = batch[2] if len(batch) > 2 else None
            yield batch[0], y, sample_weights(y, self._class_weight, given)
