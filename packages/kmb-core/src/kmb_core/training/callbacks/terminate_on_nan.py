"""Stop when the loss is no longer a number."""

import math

from kmb_core.training.callbacks.callback import Callback, LogValues
from kmb_core.training.progress import announce


class TerminateOnNaN(Callback):
    """Stops training at the first batch whose loss is NaN or infinite.

    It reads the loss of every batch, so the program waits for the device at each.

    Args:
        raise_error: True to raise an error in place of stopping quietly.

    Raises:
        RuntimeError: where the loss is NaN or infinite and `raise_error` is set.

    Example:
        >>> guard = TerminateOnNaN(raise_error=True)
        >>> guard.on_batch_end(0, {"loss": 0.5})
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Look at the loss of a batch."""
        loss = None if logs is None else logs.get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"Batch {batch}: the loss is {loss}; training was stopped.\n"
                "The learning rate may be too high, or the data may hold NaN or a division by zero.\n"
                "kmb_core.utils.find_nan(model, x, y) names layer and op; a lower learning rate, or clipnorm in "
                "the optimizer, may help."
            )
        announce(f"Batch {batch}: the loss is {loss}; training is stopped.")
        self.model.stop_training = True
