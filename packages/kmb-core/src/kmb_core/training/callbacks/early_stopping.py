"""Stop when a metric no longer gets better.

A baseline is taken at its word: epochs that improve without beating it count as waiting, and may end the run. Keras
3.15 counts them too, but looks at the count only in an epoch that brings no improvement at all.
"""

from typing import Any

from kmb_core.training.callbacks.callback import LogValues
from kmb_core.training.callbacks.monitoring import MonitorCallback
from kmb_core.training.progress import announce


class EarlyStopping(MonitorCallback):
    """Stops training after `patience` epochs without improvement.

    Args:
        monitor: name of the value to watch.
        min_delta: by how much a value must be better to count as improvement.
        patience: epochs without improvement to wait for.
        verbose: 1 tells when training is stopped and weights are restored.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric's name.
        baseline: a value that has to be beaten before waiting starts anew.
        restore_best_weights: True to end with the weights of the best epoch, whether training was stopped or ran
            to its end.
        start_from_epoch: epochs at the beginning that are not looked at.

    Raises:
        StructureError: at the first epoch, where `mode="auto"` cannot tell the direction.

    Example:
        >>> stopper = EarlyStopping(monitor="loss", patience=1)
        >>> stopper.on_train_begin()
        >>> stopper.wait, stopper.best
        (0, None)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._forget()

    def _forget(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def get_monitor_value(self, logs: LogValues) -> float | None:
        """Read the watched value.

        Args:
            logs: values of an epoch.

        Returns:
            The value, or None (and a warning, once) where it is missing.
        """
        return self._monitored(logs, "training cannot be stopped by it")

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Forget an earlier run."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Compare the epoch with the best so far; stop if it has been waited for long enough."""
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)  # so that there is something to restore even if no epoch gets better
        self.wait += 1
        if self._is_better(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self._is_better(current, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: LogValues = None) -> None:
        """Restore the best weights, and tell what was done."""
        if self.stopped_epoch > 0 and self.verbose:
            announce(f"Epoch {self.stopped_epoch + 1}: stopped early, {self.monitor} no longer gets better.")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                announce(f"Weights are those of epoch {self.best_epoch + 1}, the best one.")
            self.model.set_weights(self.best_weights)
