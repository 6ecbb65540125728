"""The base of all callbacks.

The methods here do nothing, and `CallbackList` knows it: a hook that a subclass does not define is not called.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

LogValues = MutableMapping[str, Any] | None


class Callback:
    """Base class of callbacks: define the methods whose moment matters.

    `logs` maps metric names to numbers. Reading one waits for the device, so read only what is needed.
    `on_batch_begin` and `on_batch_end` are called for training batches where `on_train_batch_begin` and
    `on_train_batch_end` are not defined.

    Attributes:
        model: the model that is trained.
        params: dict with `verbose`, `epochs` and `steps` of the call under way, or None before it.

    Example:
        >>> class Count(Callback):
        ...     batches = 0
        ...     def on_train_batch_end(self, batch, logs=None):
        ...         self.batches += 1
        >>> counter = Count()
        >>> counter.on_train_batch_end(0)
        >>> counter.batches
        1
    """

    # False lets CallbackList leave out the hooks of batches although the class defines them, as a checkpoint once an
    # epoch has no use for them.
    _watches_batches = True

    def __init__(self) -> None:
        self.params: Mapping[str, Any] | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that is trained, evaluated or asked for predictions."""
        return getattr(self, "_model", None)

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take the parameters of the call under way.

        Args:
            params: `verbose`, `epochs`, `steps` and the like.
        """
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model.

        Args:
            model: the model that is trained.
        """
        self._model = model

    def on_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Run before a training batch: the older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Run after a training batch: the older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Run before each epoch of training."""

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Run after each epoch of training and its validation; `logs` holds `val_` values too."""

    def on_train_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Run before each batch of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Run after each batch of training, or after every `steps_per_execution` batches."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Run before each batch of `evaluate` and of the validation in `fit`."""

    def on_test_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Run after each batch of `evaluate` and of the validation in `fit`."""

    def on_predict_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Run before each batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Run after each batch of `predict`; `logs` holds the `outputs`."""

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Run when `fit` begins."""

    def on_train_end(self, logs: LogValues = None) -> None:
        """Run when `fit` ends; `logs` are those of the last epoch."""

    def on_test_begin(self, logs: LogValues = None) -> None:
        """Run when evaluation or validation begins."""

    def on_test_end(self, logs: LogValues = None) -> None:
        """Run when evaluation or validation ends."""

    def on_predict_begin(self, logs: LogValues = None) -> None:
        """Run when `predict` begins."""

    def on_predict_end(self, logs: LogValues = None) -> None:
        """Run when `predict` ends."""
