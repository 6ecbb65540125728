"""Save the model while it is trained.

Saving itself is atomic (`kmb_core.saving` writes beside the old file and renames), so a failure leaves the last good
file. What is added here is under which name; `SavingCallback` says when.
"""

import os
from typing import Any

from kmb_core.errors import FileAccessError, StructureError, message
from kmb_core.training.callbacks.saving_callback import SavingCallback
from kmb_core.training.progress import announce


class ModelCheckpoint(SavingCallback):
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
        FileAccessError: where a file cannot be written; the old one is kept.

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
        super().__init__(monitor, verbose, save_best_only, mode, save_freq, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.save_weights_only = save_weights_only
        self._check_ending()

    def _check_ending(self) -> None:
        endings = (".weights.h5",) if self.save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise StructureError(
                message(
                    f"ModelCheckpoint: filepath must end in {endings[0]}, got {self.filepath!r}.",
                    "The ending says what the file holds: .keras a model, .weights.h5 weights alone.",
                )
            )

    def _save_now(self, epoch: int, batch: int | None, logs: Any) -> None:
        path = self._formatted(epoch, batch, logs)
        if self.verbose:
            announce(f"Epoch {epoch + 1}: saving to {path}")
        self._save(path)

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
            raise FileAccessError(
                message(
                    f"ModelCheckpoint: {path!r} could not be written: {error}",
                    "The folder may be read-only, the disk full, or the path that of a folder.",
                    "The file of the last save, if there is one, is as it was.",
                )
            ) from error
