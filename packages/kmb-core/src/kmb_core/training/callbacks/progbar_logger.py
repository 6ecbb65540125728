"""The callback that shows progress; how it looks is `training.progress`."""

from collections.abc import Mapping
from typing import Any

from kmb_core.training.callbacks.callback import Callback, LogValues
from kmb_core.training.progress import Progress, shows_live, start_progress


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict` on standard output.

    On a terminal one line is redrawn; into a pipe or a file goes one line an epoch. `verbose` in the parameters
    chooses: 0 nothing, 1 or `"auto"` as described, 2 one line an epoch everywhere.

    Example:
        >>> bar = ProgbarLogger()
        >>> bar.set_params({"verbose": 0, "epochs": 1, "steps": 3})
        >>> bar.on_train_begin()
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.target: int | None = None
        self.verbose: int | str = 1
        self.epochs = 1
        self._batch_size: int | None = None
        self._in_fit = False
        self._progress: Progress | None = None

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take `verbose`, `epochs`, `steps` and `batch_size` of the call under way."""
        super().set_params(params)
        self.verbose = params.get("verbose", 1)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")
        self._batch_size = params.get("batch_size")

    @property
    def _watches_batches(self) -> bool:  # type: ignore[override]  # here it depends on the parameters
        # Where only the end of an epoch is shown, a batch matters only for counting them.
        return bool(self.verbose) and (shows_live(self.verbose) or self.target is None)

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Note that evaluation from here on is validation, which is shown with its epoch."""
        self._in_fit = True

    def on_train_end(self, logs: LogValues = None) -> None:
        """Leave the terminal on a new line."""
        self._in_fit = False
        self._abandon()

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Begin the line of an epoch."""
        self._begin(f"Epoch {epoch + 1}/{self.epochs}")

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """End the line of an epoch."""
        self._finish(logs)

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Move the bar."""
        self._update(batch, logs)

    def on_test_begin(self, logs: LogValues = None) -> None:
        """Begin the line of `evaluate`; inside `fit`, end the steps of the epoch."""
        if not self._in_fit:
            self._begin("Evaluate")
        elif self._progress is not None:
            self._progress.end_steps()

    def on_test_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Move the bar of `evaluate`."""
        if not self._in_fit:
            self._update(batch, logs)

    def on_test_end(self, logs: LogValues = None) -> None:
        """End the line of `evaluate`."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: LogValues = None) -> None:
        """Begin the line of `predict`."""
        self._begin("Predict")

    def on_predict_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Move the bar of `predict`; its logs are the outputs, which are not shown."""
        self._update(batch, None)

    def on_predict_end(self, logs: LogValues = None) -> None:
        """End the line of `predict`."""
        self._finish(None)

    def _begin(self, label: str) -> None:
        self._abandon()
        self.seen = 0
        self._progress = start_progress(self.target, label, self.verbose, self._batch_size)

    def _update(self, batch: int, logs: LogValues) -> None:
        self.seen = batch + 1  # one call may stand for several steps: the number of the last one counts
        if self._progress is not None:
            self._progress.update(self.seen, logs)

    def _finish(self, logs: LogValues) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            # An epoch may end early; batches that were not watched were as many as planned.
            progress.finish(self.seen or self.target or 0, logs)

    def _abandon(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.abandon()
