"""Evaluate, and predict, with the moving averages of the weights."""

from typing import Any

import numpy as np

from kmb_core.errors import StructureError, message
from kmb_core.training.callbacks.callback import Callback, LogValues


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages in the weights' places for as long as nothing is trained.

    The weights are kept aside on the host meanwhile; after an evaluation or a prediction they come back.

    Args:
        swap_on_epoch: True to put the averages in place at the end of each epoch already, so that what is saved then,
            by `ModelCheckpoint` for instance, are the averages; the weights come back at the start of the next.

    Raises:
        StructureError: in use, for an optimizer without `use_ema=True`.

    Example:
        >>> SwapEMAWeights(swap_on_epoch=True).swap_on_epoch
        True
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._weights: list[np.ndarray] | None = None  # while the averages are in their places

    def set_model(self, model: Any) -> None:
        """Take the model; its optimizer has to keep averages."""
        super().set_model(model)
        self._optimizer()

    def _optimizer(self) -> Any:
        optimizer = getattr(self.model, "optimizer", None)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if optimizer is None or not optimizer.use_ema:
            what = "SwapEMAWeights: the model's optimizer keeps no moving averages"
            raise StructureError(message(what, None, "Make the optimizer with use_ema=True and compile the model."))
        return optimizer

    def _swap(self, swapped: bool) -> None:
        optimizer = self._optimizer()
        if not optimizer.built or swapped is (self._weights is not None):
            return
        variables = optimizer._trainable_variables
        if swapped:
            self._weights = [variable.numpy().copy() for variable in variables]
            for variable, average in zip(variables, optimizer._averages, strict=True):
                if average is not None:
                    variable.assign(average.value)
        else:
            for variable, value in zip(variables, self._weights or (), strict=True):
                variable.assign(value)
            self._weights = None

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Train on the weights again."""
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Put the averages in place."""
        if self.swap_on_epoch:
            self._swap(True)

    def on_train_end(self, logs: LogValues = None) -> None:
        """Forget the weights: when training ends, `fit` leaves the averages in their places."""
        self._weights = None

    def on_test_begin(self, logs: LogValues = None) -> None:
        """Evaluate the averages."""
        self._swap(True)

    def on_test_end(self, logs: LogValues = None) -> None:
        """Put the weights back."""
        self._swap(False)

    def on_predict_begin(self, logs: LogValues = None) -> None:
        """Predict with the averages."""
        if not self.swap_on_epoch:
            self._swap(True)

    def on_predict_end(self, logs: LogValues = None) -> None:
        """Put the weights back."""
        if not self.swap_on_epoch:
            self._swap(False)
