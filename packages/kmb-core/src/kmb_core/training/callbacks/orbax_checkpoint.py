"""Save the model with Orbax while it is trained."""

import os
from typing import Any

from kmb_core.errors import StructureError, message
from kmb_core.saving.orbax_folder import checkpointables, orbax
from kmb_core.training.callbacks.callback import LogValues
from kmb_core.training.callbacks.saving_callback import SavingCallback
from kmb_core.training.progress import announce


class OrbaxCheckpoint(SavingCallback):
    """Saves the model, or its weights, as checkpoints of Orbax, while the training goes on.

    Each checkpoint is a folder below `directory`, named by the number of the epoch, from 0, or of batches so far.
    `saving.load_model` and `model.load_weights` read one, or of `directory` the latest. Needs the package
    orbax-checkpoint, and with it JAX, on every backend; on JAX, arrays go from the devices that hold them.

    Args:
        directory: folder of the checkpoints, this training's alone.
        monitor: name of the value to watch, for `save_best_only`.
        verbose: 1 tells of each checkpoint.
        save_best_only: True to save only when the value is better than ever before.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric's name.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: a value to beat before the first save, for `save_best_only`.
        max_to_keep: how many checkpoints are kept, the latest; None for all.
        save_on_background: whether files are written while the training goes on.
        save_weights_only: True to save the weights alone, without optimizer and description.

    Raises:
        StructureError: for a `save_freq` or a `max_to_keep` that is none.
        ImportError: when the package orbax-checkpoint is not installed.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ) -> None:
        super().__init__(monitor, verbose, save_best_only, mode, save_freq, initial_value_threshold)
        if max_to_keep is not None and max_to_keep < 1:
            what = f"OrbaxCheckpoint: max_to_keep is {max_to_keep!r}; expected a number from 1, or None for all."
            raise StructureError(message(what))
        self.directory = os.fspath(directory)
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._batches = 0
        self._orbax = orbax("callbacks.OrbaxCheckpoint")
        self._checkpointer: Any = None

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Save if `save_freq` batches have passed since the last time."""
        self._batches += batch + 1 if self._last_batch is None else batch - self._last_batch
        super().on_train_batch_end(batch, logs)

    def on_train_end(self, logs: LogValues = None) -> None:
        """Wait until everything is written."""
        if self._checkpointer is not None:
            self._checkpointer.close()
            self._checkpointer = None

    def wait_until_finished(self) -> None:
        """Wait until everything that was to be saved is written."""
        if self._checkpointer is not None:
            self._checkpointer.wait()

    def is_multihost_enabled(self) -> bool:
        """Tell whether several processes of JAX train together.

        Returns:
            True where each of them has to call this callback.
        """
        return self._orbax.multihost.process_count() > 1

    def is_primary_host(self) -> bool:
        """Tell whether this process is the first, or the only one.

        Returns:
            True in one process of all.
        """
        return self._orbax.multihost.is_primary_host(0)

    def _save_now(self, epoch: int, batch: int | None, logs: Any) -> None:
        step = epoch if batch is None else self._batches
        if self.verbose:
            announce(f"Epoch {epoch + 1}: saving to {os.path.join(self.directory, str(step))}")
        if self._checkpointer is None:
            self._checkpointer = self._made_checkpointer()
        save = "save_checkpointables_async" if self.save_on_background else "save_checkpointables"
        parts = checkpointables(self.model, self.save_weights_only)
        # `force`: when to save is decided here; `overwrite`: a training that begins anew takes the place of the last.
        getattr(self._checkpointer, save)(step, parts, force=True, overwrite=True)

    def _made_checkpointer(self) -> Any:
        training, kept = self._orbax.training, self.max_to_keep
        policies = training.preservation_policies
        policy = policies.PreserveAll() if kept is None else policies.LatestN(kept)
        return training.Checkpointer(os.path.abspath(self.directory), preservation_policy=policy)
