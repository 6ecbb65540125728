"""Save the model while it is trained.

Saving itself is atomic (`kmb_core.saving` writes beside the old file and renames), so a failure leaves the last good
file. What is added here is when to save, and under which name.
"""

import os
from typing import Any

from kmb_core.errors import CheckpointError, StructureError, message
from kmb_core.training.callbacks.callback import LogValues
from kmb_core.training.callbacks.monitoring import MonitorCallback
from kmb_core.training.progress import announce


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or after a number of batches.

    Args:
        filepath: where to save; may name `{epoch}`, `{batch}` and values of the logs, as in
            `model-{epoch:02d}-{val_loss:.2f}.keras`. Ends in `.keras`, or in `.weights.h5` for weights alone.
        monitor: name of the value to watch, for `save_best_only`.
        verbose: 1 tells of each file.
        save_best_only: True to save only when the value is better than ever before.
        save_weights_only: True to save the weights alone.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric's name.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: a value to beat before the first save, for `save_best_only`.

    Raises:
        StructureError: where the ending or `save_freq` does not fit.
        CheckpointError: where a file cannot be written; the old one is kept.

    Example:
        >>> ModelCheckpoint("model-{epoch:02d}.keras", monitor="loss").save_freq
        'epoch'
    """

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._batches_since_save = 0
        self._last_batch: int | None = None
        self._check_arguments()

    def _check_arguments(self) -> None:
        endings = (".weights.h5",) if self.save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise StructureError(
                message(
                    f"ModelCheckpoint: filepath must end in {endings[0]}, got {self.filepath!r}.",
                    "The ending says what the file holds: .keras a model, .weights.h5 weights alone.",
                )
            )
        if self.save_freq != "epoch" and not isinstance(self.save_freq, int):
            raise StructureError(
                message(f"ModelCheckpoint: save_freq is {self.save_freq!r}; expected 'epoch' or a number of batches.")
            )

    @property
    def _watches_batches(self) -> bool:  # type: ignore[override]  # here it depends on an argument
        return self.save_freq != "epoch"

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
        if self.save_best_only and not self._beats_best(values, epoch):
            return
        path = self._formatted(epoch, batch, values)
        if self.verbose:
            announce(f"Epoch {epoch + 1}: saving to {path}")
        self._save(path)

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

    def _formatted(self, epoch: int, batch: int | None, logs: Any) -> str:
        named = {"epoch": epoch + 1} if batch is None else {"epoch": epoch + 1, "batch": batch + 1}
        try:
            return self.filepath.format(**named, **dict(logs))
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: {self.filepath!r} names {error}, which is not known at this point; "
                f"there are: {', '.join([*named, *logs])}."
            ) from error

    def _save(self, path: str) -> None:
        try:
            folder = os.path.dirname(path)
            if folder:
                os.makedirs(folder, exist_ok=True)
            save = self.model.save_weights if self.save_weights_only else self.model.save
            save(path, overwrite=True)
        except OSError as error:
            raise CheckpointError(
                message(
                    f"ModelCheckpoint: {path!r} could not be written: {error}",
                    "The folder may be read-only, the disk full, or the path that of a folder.",
                    "The file of the last save, if there is one, is as it was.",
                )
            ) from error
