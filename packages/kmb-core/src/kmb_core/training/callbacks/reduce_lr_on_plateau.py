"""Lower the learning rate when a metric no longer gets better."""

from typing import Any

from kmb_core.errors import StructureError, message
from kmb_core.training.callbacks.callback import LogValues
from kmb_core.training.callbacks.learning_rate_scheduler import learning_rate_of
from kmb_core.training.callbacks.monitoring import MonitorCallback
from kmb_core.training.progress import announce


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` after `patience` epochs without improvement.

    Args:
        monitor: name of the value to watch.
        factor: what the rate is multiplied by, below 1.
        patience: epochs without improvement to wait for.
        verbose: 1 tells each change.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric's name.
        min_delta: by how much a value must be better to count.
        cooldown: epochs after a change in which nothing is counted.
        min_lr: the rate is not lowered below this.
        **kwargs: nothing is taken; an unknown name is an error.

    Raises:
        StructureError: where `factor` is not below 1, or an argument is unknown.

    Example:
        >>> ReduceLROnPlateau(cooldown=2).in_cooldown()
        False
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if kwargs:
            raise StructureError(message(f"ReduceLROnPlateau takes no argument {', '.join(map(repr, kwargs))}."))
        if factor >= 1.0:
            raise StructureError(message(f"ReduceLROnPlateau: factor is {factor}; expected less than 1."))
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._forget()

    def _forget(self) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Tell whether the last change is too recent to count epochs."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Forget an earlier run."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Compare the epoch with the best so far; lower the rate if it has been waited for long enough."""
        if logs is not None:
            logs["learning_rate"] = learning_rate_of(self.model)
        current = self._monitored(logs, "the learning rate cannot follow it")
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_better(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._lower(epoch)

    def _lower(self, epoch: int) -> None:
        rate = learning_rate_of(self.model)
        if rate <= self.min_lr:
            return
        lowered = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = lowered
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            announce(f"Epoch {epoch + 1}: the learning rate is lowered to {lowered}.")
