"""Callbacks made of plain functions."""

from collections.abc import Callable
from typing import Any

from kmb_core.training.callbacks.callback import Callback

EpochFunction = Callable[[int, Any], Any]
RunFunction = Callable[[Any], Any]


class LambdaCallback(Callback):
    """Calls the functions that it was given.

    Args:
        on_epoch_begin: called as `(epoch, logs)`.
        on_epoch_end: called as `(epoch, logs)`.
        on_train_begin: called as `(logs)`.
        on_train_end: called as `(logs)`.
        on_train_batch_begin: called as `(batch, logs)`.
        on_train_batch_end: called as `(batch, logs)`.
        **kwargs: any other method of `Callback` by name; other names become attributes.

    Example:
        >>> seen = []
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))
        >>> callback.on_epoch_end(0, {"loss": 0.5})
        >>> seen
        [0.5]
    """

    def __init__(
        self,
        on_epoch_begin: EpochFunction | None = None,
        on_epoch_end: EpochFunction | None = None,
        on_train_begin: RunFunction | None = None,
        on_train_end: RunFunction | None = None,
        on_train_batch_begin: EpochFunction | None = None,
        on_train_batch_end: EpochFunction | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        self.__dict__.update(kwargs)
        self.__dict__.update({name: function for name, function in functions.items() if function is not None})
