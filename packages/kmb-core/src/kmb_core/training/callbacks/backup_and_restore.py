"""Go on with an interrupted training at the very batch."""

import os
from typing import Any

from kmb_core.errors import StructureError, message
from kmb_core.training.callbacks.callback import Callback, LogValues
from kmb_core.training.callbacks.progbar_logger import ProgbarLogger
from kmb_core.training.callbacks.run_state import (
    callbacks_state,
    read_state,
    seed_generators,
    set_callbacks,
    set_variables,
    variables_state,
    write_state,
)
from kmb_core.training.callbacks.termination import Termination

_LATEST, _PREVIOUS = "latest.npz", "previous.npz"


class BackupAndRestore(Callback):
    """Keeps a backup of a training under way; `fit`, called again in the same way, goes on where it was made.

    A backup holds the weights, the metrics, the optimizer, the place in the data and the order that it is read in, the
    random states and what the other callbacks know (the best value so far, the history). On one device the result is
    the same, bit by bit, as without an interruption; on TensorFlow, as far as random ops have seeds (layers' have).

    On SIGTERM the step under way is finished, a backup is made and the process exits with status 143; a signal during
    validation waits for its end. What SIGTERM did before comes after the backup.

    Args:
        backup_dir: folder of the backup, this training's alone.
        save_freq: `"epoch"`, or a number of batches.
        double_checkpoint: True to keep the backup before the latest too.
        delete_checkpoint: whether the backup is removed when the training ends.

    Raises:
        StructureError: for a folder without a name, or a `save_freq` that is neither.
        CheckpointError: in `fit`, where the backup is damaged or that of another model.

    Example:
        >>> BackupAndRestore("backup").save_freq
        'epoch'
    """

    _runs_last = True  # what it stores of the other callbacks includes the moment that it is called at

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        if not self.backup_dir:
            raise StructureError(message("BackupAndRestore: backup_dir is empty; expected the name of a folder."))
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        if save_freq != "epoch" and not whole:
            what = f"BackupAndRestore: save_freq is {save_freq!r}; expected 'epoch' or a number of batches."
            raise StructureError(message(what))
        self._position: Any = None
        self._others: list[Callback] = []
        self._epoch = 0
        self._batches_since_save = 0
        self._batch_of_last_call = -1
        self._termination = Termination()

    def _path(self, name: str) -> str:
        return os.path.join(self.backup_dir, name)

    def _join_run(self, position: Any, callbacks: list[Callback]) -> None:
        self._position = position
        self._others = [one for one in callbacks if one is not self and not isinstance(one, ProgbarLogger)]

    def _leave_run(self) -> None:
        self._termination.unwatch()
        if self._termination.requested:  # after the last step: the backup of the epoch is there
            self._termination.obey()

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Find the backup of an interrupted training, and let `fit` go on from there."""
        self._termination.watch()
        path = next((p for p in map(self._path, (_LATEST, _PREVIOUS)) if os.path.exists(p)), None)
        if path is not None:
            state = read_state(path)
            self._position.go_to(state["position"], lambda: self._restore(state))

    def _restore(self, state: dict[str, Any]) -> None:
        set_variables(self.model, state["variables"])
        set_callbacks(self._others, state["callbacks"])
        self.model.stop_training = state["stop_training"]
        self._batches_since_save, self._batch_of_last_call = state["counted"]
        kernel = self.model._backend.kernels.get("set_generator_states")
        if kernel is not None:
            kernel(list(seed_generators(self.model)), state["generators"])

    def _save(self, epoch: int, batch: int) -> None:
        model = self.model
        kernel = model._backend.kernels.get("generator_states")
        state = {
            "position": self._position.state(epoch, batch),
            "variables": variables_state(model),
            "callbacks": callbacks_state(self._others),
            "generators": None if kernel is None else kernel(list(seed_generators(model))),
            "counted": [self._batches_since_save, self._batch_of_last_call],
            "stop_training": bool(model.stop_training),
        }
        latest = self._path(_LATEST)
        if self.double_checkpoint and os.path.exists(latest):
            os.replace(latest, self._path(_PREVIOUS))
        write_state(latest, state)

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Note the epoch, and that its batches count from 0."""
        self._epoch = epoch
        self._batch_of_last_call = -1

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Make a backup, if `save_freq` batches have passed since the last one, or the process is to end."""
        self._batches_since_save += batch - self._batch_of_last_call  # several with steps_per_execution
        self._batch_of_last_call = batch
        if isinstance(self.save_freq, int) and self._batches_since_save >= self.save_freq:
            self._batches_since_save = 0
            self._save(self._epoch, batch + 1)
        elif self._termination.requested:
            self._save(self._epoch, batch + 1)
        if self._termination.requested:
            self._termination.obey()

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Make a backup, if it is done once an epoch, or the process is to end."""
        if self.save_freq == "epoch" or self._termination.requested:
            self._save(epoch + 1, 0)
        if self._termination.requested:
            self._termination.obey()

    def on_train_end(self, logs: LogValues = None) -> None:
        """Remove the backup: the training is complete."""
        if self.delete_checkpoint:
            for path in map(self._path, (_LATEST, _PREVIOUS)):
                if os.path.exists(path):
                    os.remove(path)
            if os.path.isdir(self.backup_dir) and not os.listdir(self.backup_dir):
                os.rmdir(self.backup_dir)
