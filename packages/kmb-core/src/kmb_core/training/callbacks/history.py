"""The record of a run: the object that `fit` returns."""

from kmb_core.training.callbacks.callback import Callback, LogValues


class History(Callback):
    """Collects the logs of each epoch.

    Attributes:
        epoch: numbers of the epochs, from 0.
        history: dict from metric names to lists with one value an epoch.

    Example:
        >>> record = History()
        >>> record.on_train_begin()
        >>> record.on_epoch_end(0, {"loss": 0.5})
        >>> record.history
        {'loss': [0.5]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Start a new count of epochs; values of an earlier run are kept."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Add the values of an epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
