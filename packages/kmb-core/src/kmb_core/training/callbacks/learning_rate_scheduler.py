"""A learning rate that depends on the epoch."""

import inspect
from collections.abc import Callable
from typing import Any

from kmb_core.errors import DTypeError, StructureError, message
from kmb_core.training.callbacks.callback import Callback, LogValues
from kmb_core.training.progress import announce


def learning_rate_of(model: Any) -> float:
    """Read the learning rate of a model's optimizer.

    Args:
        model: a compiled model.

    Returns:
        The learning rate.

    Raises:
        StructureError: where there is no optimizer with a learning rate.
    """
    optimizer = getattr(model, "optimizer", None)
    rate = getattr(optimizer, "learning_rate", None)
    if rate is None:
        raise StructureError(
            message(
                f"The optimizer of the model ({type(optimizer).__name__}) has no learning_rate to change.",
                remedy="Compile the model with an optimizer first.",
            )
        )
    return float(getattr(rate, "value", rate))


def _takes_rate(schedule: Callable[..., Any]) -> bool:
    # Calling it to find out would take an error inside the schedule for a signature of one argument.
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a built-in without a signature
        return True
    return True


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: called as `(epoch, learning_rate)`, or `(epoch)` if it takes one argument; gives the new rate.
        verbose: 1 tells each rate.

    Raises:
        StructureError: where the optimizer has no learning rate.
        DTypeError: where `schedule` does not give a number.

    Example:
        >>> scheduler = LearningRateScheduler(lambda epoch, rate: rate * 0.5)
        >>> scheduler.schedule(0, 0.1)
        0.05
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Set the rate of this epoch."""
        current = learning_rate_of(self.model)
        rate = self.schedule(epoch, current) if _takes_rate(self.schedule) else self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError) as error:
            raise DTypeError(
                message(
                    f"LearningRateScheduler: schedule gave a {type(rate).__name__} for epoch {epoch}, not a number."
                )
            ) from error
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            announce(f"Epoch {epoch + 1}: the learning rate is {rate}.")

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Add `learning_rate` to the logs, and so to the history."""
        if logs is not None:
            logs["learning_rate"] = learning_rate_of(self.model)
