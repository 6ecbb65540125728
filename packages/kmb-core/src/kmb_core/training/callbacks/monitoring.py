"""What it means for a metric to get better; shared by the callbacks that watch one."""

import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kmb_core.errors import StructureError, message
from kmb_core.training.callbacks.callback import Callback, LogValues

_LOWER_IS_BETTER = ("loss", "error", "mse", "mae", "mape", "msle", "rmse", "perplexity", "divergence", "crossentropy")
_HIGHER_IS_BETTER = ("acc", "accuracy", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "top_k", "similarity")


def better_direction(monitor: str, metrics: Iterable[Any] = ()) -> str | None:
    """Tell whether a metric is to rise or to fall.

    Args:
        monitor: name in the logs, with or without `val_`.
        metrics: the model's metrics; one of this name that knows its direction decides.

    Returns:
        `"max"`, `"min"`, or None where it cannot be told.

    Example:
        >>> better_direction("val_accuracy"), better_direction("loss"), better_direction("score")
        ('max', 'min', None)
    """
    name = monitor.removeprefix("val_")
    for metric in metrics:
        declared = {"up": "max", "down": "min"}.get(getattr(metric, "_direction", None) or "")
        if getattr(metric, "name", None) == name and declared:
            return declared
    words = name.lower()
    if any(word in words for word in _LOWER_IS_BETTER):
        return "min"
    if "score" not in words and any(word in words for word in _HIGHER_IS_BETTER):
        return "max"
    return "max" if words.startswith(("f1", "fbeta", "r2")) else None


def model_metrics(model: Any) -> list[Any]:
    """List a model's metrics, those compiled into it included.

    Args:
        model: a model, or None.

    Returns:
        The metrics, from the most to the least nested.
    """
    found = list(getattr(model, "metrics", None) or [])
    return [inner for metric in found for inner in (getattr(metric, "metrics", None) or [])] + found


class MonitorCallback(Callback):
    """Base of the callbacks that watch one value of the logs.

    Args:
        monitor: name of the value.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric's name.
        best: the value to beat at first, None to take the first that comes.
        min_delta: by how much a value must be better to count.
    """

    def __init__(self, monitor: str, mode: str = "auto", best: float | None = None, min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: mode is {mode!r}; expected 'auto', 'min' or 'max'. Going on with 'auto'.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = best
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[float, float], bool] | None = None
        self._warned = False

    def _comparison(self) -> Callable[[float, float], bool]:
        if self.monitor_op is None:
            self.monitor_op = self._choose_comparison()
        return self.monitor_op

    def _choose_comparison(self) -> Callable[[float, float], bool]:
        direction = self.mode
        if direction == "auto":
            direction = better_direction(self.monitor, model_metrics(self.model)) or self._refuse_direction()
        return np.less if direction == "min" else np.greater

    def _refuse_direction(self) -> str:
        raise StructureError(
            message(
                f"{type(self).__name__}: cannot tell whether {self.monitor!r} is to rise or to fall.",
                "The name says nothing, and no metric of the model of this name does.",
                "Pass mode='max' or mode='min'.",
            )
        )

    def _is_better(self, value: float, reference: float | None) -> bool:
        better = self._comparison()
        if reference is None:
            return not math.isnan(value)  # NaN as the first best would never be beaten
        margin = self.min_delta if better is np.less else -self.min_delta
        return bool(better(value + margin, reference))

    def _monitored(self, logs: LogValues, consequence: str) -> float | None:
        value = None if logs is None else logs.get(self.monitor)
        if value is not None and np.ndim(value) == 0:
            return float(value)
        if not self._warned:
            self._warned = True
            trouble = "is not in the logs" if value is None else "is not a single number"
            warnings.warn(
                f"{type(self).__name__}: {self.monitor!r} {trouble}, so {consequence}. "
                f"There are: {', '.join(logs or ()) or 'none'}.",
                stacklevel=3,
            )
        return None
