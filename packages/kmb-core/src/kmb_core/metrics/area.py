"""AUC: the area under a curve of two rates over all thresholds."""

from collections.abc import Sequence
from typing import Any

from kmb_core.backend import convert_to_numpy, epsilon
from kmb_core.errors import ShapeError, message
from kmb_core.losses.regression import floating
from kmb_core.metrics.confusion import are_even, confusion, even_thresholds, parsed_thresholds
from kmb_core.metrics.metric import Metric
from kmb_core.ops.arithmetic import add, divide, maximum, minimum, multiply, subtract
from kmb_core.ops.comparison import greater, logical_and, where
from kmb_core.ops.creation import convert_to_tensor, ones_like, zeros_like
from kmb_core.ops.functions import log
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.nn.activations import sigmoid
from kmb_core.ops.reduction import mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import deserialize_keras_object, saved_as

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "minoring", "majoring")
_COUNTED = ("true_positives", "false_positives", "true_negatives", "false_negatives")


@saved_as("keras.metrics")
class AUC(Metric):
    """The area under the receiver operating characteristic, the precision-recall or the precision-recall-gain curve.

    Args:
        num_thresholds: how many points the curve has.
        curve: "ROC", "PR" (precision over recall) or "PRGAIN".
        summation_method: "interpolation" (trapezoids; for "PR" the hyperbolas of Davis and Goadrich), "minoring" (steps
            below the curve) or "majoring" (above).
        name, dtype: see `Metric`.
        thresholds: the thresholds themselves, from 0 to 1; 0 and 1 are added.
        multi_label: whether the last axis are labels, each with a curve of its own; the areas are averaged.
        num_labels: how many, if that is to be known before the first batch.
        label_weights: weights of the labels: of their areas with `multi_label`, else of their predictions.
        from_logits: whether predictions are logits.

    Raises:
        ValueError: for unknown names, fewer than two thresholds, or thresholds outside of 0 to 1.

    See Davis and Goadrich, The relationship between precision-recall and ROC curves, 2006; Flach and Kull,
    Precision-recall-gain curves, 2015.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.AUC()([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])), 3)
        0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if str(curve).upper() not in CURVES:
            raise ValueError(f"AUC: curve is 'ROC', 'PR' or 'PRGAIN', got {curve!r}")
        if summation_method not in METHODS:
            raise ValueError(f"AUC: summation_method is one of {METHODS}, got {summation_method!r}")
        self._init_thresholds(num_thresholds, thresholds)
        self.curve, self.summation_method = curve, summation_method
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights = None if label_weights is None else list(label_weights)
        self._from_logits = from_logits
        self._built = False
        if not multi_label:
            self._build(())
        elif num_labels:
            self._build((num_labels,))

    def _init_thresholds(self, num_thresholds: int, thresholds: Sequence[float] | None) -> None:
        self._init_from_thresholds = thresholds is not None
        if thresholds is not None:
            inner = sorted(parsed_thresholds(list(thresholds), 0.5, "AUC"))
            self._thresholds = [0.0 - epsilon(), *inner, 1.0 + epsilon()]
            self._even = are_even(self._thresholds)
        elif num_thresholds <= 1:
            raise ValueError(f"AUC: a curve has two thresholds at least, got num_thresholds={num_thresholds}")
        else:
            self._thresholds = even_thresholds(num_thresholds)
            self._even = True
        self.num_thresholds = len(self._thresholds)

    @property
    def thresholds(self) -> list[float]:
        """The thresholds, those below 0 and above 1 included."""
        return list(self._thresholds)

    def _build(self, labels: tuple[int, ...]) -> None:
        for counted in _COUNTED:
            setattr(self, counted, self.add_variable((self.num_thresholds, *labels), "zeros", name=counted))
        self._built = True

    def build_for(self, y_true: Any, y_pred: Any) -> None:
        """Make the variables for targets and predictions like these."""
        if self._built:
            return
        if len(y_pred.shape) != 2 or y_pred.shape[-1] is None:
            what = f"AUC {self.name!r}: expected predictions of shape (batch, labels), got {tuple(y_pred.shape)}"
            raise ShapeError(message(what, "multi_label=True was given.", None))
        self._build((y_pred.shape[-1],))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch.

        Args:
            y_true: 0 and 1, `(batch, ...)`; `(batch, labels)` with `multi_label`.
            y_pred: probabilities (logits with `from_logits`) of the same shape.
            sample_weight: a number for each sample, or each prediction; None for ones.
        """
        y_pred = floating(y_pred)
        self.build_for(y_true, y_pred)
        if self._from_logits:
            y_pred = sigmoid(y_pred)
        counts = confusion(
            y_true,
            y_pred,
            self._thresholds,
            sample_weight,
            by_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
            even=self._even,
        )
        for counted in _COUNTED:
            getattr(self, counted).assign_add(getattr(counts, counted))

    def result(self) -> Any:
        """The area, or the weighted mean of the labels' areas."""
        curve = self.curve.upper()
        if curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._points(curve)
        if self.summation_method == "interpolation":
            heights = multiply(add(y[:-1], y[1:]), 0.5)
        else:
            heights = (minimum if self.summation_method == "minoring" else maximum)(y[:-1], y[1:])
        return self._averaged(multiply(subtract(x[:-1], x[1:]), heights))

    def _points(self, curve: str) -> tuple[Any, Any]:
        tp, fp = self.true_positives.value, self.false_positives.value
        tn, fn = self.true_negatives.value, self.false_negatives.value
        recall = divide_no_nan(tp, add(tp, fn))
        if curve == "ROC":
            return divide_no_nan(fp, add(fp, tn)), recall
        if curve == "PR":
            return recall, divide_no_nan(tp, add(tp, fp))
        odds = divide_no_nan(add(tp, fn), add(fp, tn))
        return _gain(odds, fn, tp), _gain(odds, fp, tp)

    def _averaged(self, areas: Any) -> Any:
        """The sum over the curve; over labels the (weighted) mean."""
        if not self.multi_label:
            return sum_of(areas)
        by_label = sum_of(areas, axis=0)
        if self.label_weights is None:
            return mean(by_label)
        weights = convert_to_tensor(self.label_weights, self.dtype)
        return divide_no_nan(sum_of(multiply(by_label, weights)), sum_of(weights))

    def interpolate_pr_auc(self) -> Any:
        """The area under the precision-recall curve, with true and false positives linear between two thresholds."""
        tp, fn = self.true_positives.value, self.false_negatives.value
        p = add(tp, self.false_positives.value)
        change = subtract(tp[:-1], tp[1:])
        slope = divide_no_nan(change, maximum(subtract(p[:-1], p[1:]), 0.0))
        intercept = subtract(tp[1:], multiply(slope, p[1:]))
        both = logical_and(greater(p[:-1], 0.0), greater(p[1:], 0.0))
        upper, lower = where(both, p[:-1], ones_like(p[1:])), where(both, p[1:], ones_like(p[1:]))
        increments = multiply(slope, add(change, multiply(intercept, log(divide(upper, lower)))))
        return self._averaged(divide_no_nan(increments, maximum(add(tp[1:], fn[1:]), 0.0)))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AUC":
        """A metric from what `get_config` gave; Keras keeps the weights as a described tensor."""
        weights = deserialize_keras_object(config.get("label_weights"))
        return cls(**{**config, "label_weights": weights if weights is None else convert_to_numpy(weights).tolist()})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            own["thresholds"] = self._thresholds[1:-1]
        return super().get_config() | own


def _gain(odds: Any, errors: Any, hits: Any) -> Any:
    """Flach and Kull's gain over predicting yes always: 1 without errors, 0 where it is no better, or finds nothing."""
    gain = subtract(1.0, multiply(odds, divide_no_nan(errors, hits)))
    return where(greater(hits, 0.0), maximum(gain, 0.0), zeros_like(gain))
