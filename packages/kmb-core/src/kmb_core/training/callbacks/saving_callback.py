"""When a model is saved while it is trained; what is written, and where, is the subclass's."""

from typing import Any

from kmb_core.errors import StructureError, message
from kmb_core.training.callbacks.callback import LogValues
from kmb_core.training.callbacks.monitoring import MonitorCallback
from kmb_core.training.progress import announce


class SavingCallback(MonitorCallback):
    """Base of the callbacks that save after epochs or after a number of batches.

    Subclasses define `_save_now(epoch, batch, logs)`; `batch` is None after an epoch.

    Args:
        monitor: name of the value to watch, for `save_best_only`.
        verbose: 1 tells of what is saved and what is not.
        save_best_only: True to save only when the value is better than ever before.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric's name.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: a value to beat before the first save, for `save_best_only`.

    Raises:
        StructureError: for a `save_freq` that is neither.
    """

    def __init__(
        self,
        monitor: str,
        verbose: int,
        save_best_only: bool,
        mode: str,
        save_freq: int | str,
        initial_value_threshold: float | None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = save_freq
        self._epoch = 0
        self._batches_since_save = 0
        self._last_batch: int | None = None
        if save_freq != "epoch" and not isinstance(save_freq, int):
            what = f"{type(self).__name__}: save_freq is {save_freq!r}; expected 'epoch' or a number of batches."
            raise StructureError(message(what))

    @property
    def _watches_batches(self) -> bool:  # type: ignore[override]  # here it depends on an argument
        return self.save_freq != "epoch"

    def _save_now(self, epoch: int, batch: int | None, logs: Any) -> None:
        raise NotImplementedError

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Note the epoch and that its batches count from 0."""
        self._epoch = epoch
        self._last_batch = None

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Save if `save_freq` batches have passed since the last time."""
        if isinstance(self.save_freq, str):
            return
        # The loop may report every few batches only; the number tells how many have passed.
        self._batches_since_save += batch + 1 if self._last_batch is None else batch - self._last_batch
        self._last_batch = batch
        if self._batches_since_save >= self.save_freq:
            self._batches_since_save = 0
            self._save_if_wanted(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Save, if it is done once an epoch."""
        if self.save_freq == "epoch":
            self._save_if_wanted(epoch, None, logs)

    def _save_if_wanted(self, epoch: int, batch: int | None, logs: LogValues) -> None:
        values: Any = {} if logs is None else logs
        if not self.save_best_only or self._beats_best(values, epoch):
            self._save_now(epoch, batch, values)

    def _beats_best(self, logs: Any, epoch: int) -> bool:
        value = self._monitored(logs, "nothing is saved")
        if value is None:
            return False
        if not self._is_better(value, self.best):
            if self.verbose:
                announce(f"Epoch {epoch + 1}: {self.monitor} is {value:.5f}, best is {self.best}; not saved.")
            return False
        self.best = value
        return True
