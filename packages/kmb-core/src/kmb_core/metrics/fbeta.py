"""F-scores: precision and recall in one number, for each class or averaged."""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.losses.regression import floating, tensor
from kmb_core.metrics.metric import Metric
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.comparison import equal, greater, logical_and
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.reduction import argmax, mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as

AVERAGES = (None, "micro", "macro", "weighted")


@saved_as("keras.metrics")
class FBetaScore(Metric):
    """`(1 + beta^2) * precision * recall / (beta^2 * precision + recall)`.

    Args:
        average: None for a score of each class; "micro" for one over all counts, "macro" for the mean of the classes'
            scores, "weighted" for their mean by the classes' frequencies.
        beta: how many times as important recall is.
        threshold: what is greater counts as yes; when None, only the highest of the classes does.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for an unknown average, or a beta or threshold that is no positive number (at most 1).

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.FBetaScore(average="macro", beta=2.0, threshold=0.5)
        >>> y_true, y_pred = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
        >>> round(float(metric(y_true, y_pred)), 4)
        0.709
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        where = type(self).__name__
        if average not in AVERAGES:
            raise ValueError(f"{where}: average is one of {AVERAGES}, got {average!r}")
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"{where}: beta is a positive float, got {beta!r}")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise ValueError(f"{where}: threshold is a float above 0, up to 1, got {threshold!r}")
        self.average, self.beta, self.threshold = average, beta, threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def build_for(self, y_true: Any, y_pred: Any) -> None:
        """Make the variables for targets and predictions like these."""
        true, pred = tuple(y_true.shape), tuple(y_pred.shape)
        if len(pred) != 2 or len(true) != 2 or (None not in (pred[1], true[1]) and pred[1] != true[1]):
            what = f"{type(self).__name__} {self.name!r}: expected targets and predictions (batch, classes), "
            raise ShapeError(message(f"{what}got {true} and {pred}", None, "Encode class numbers as one-hot first."))
        if self._built:
            return
        shape = () if self.average == "micro" else (pred[1],)
        for counted in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, counted, self.add_variable(shape, "zeros", name=counted))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch.

        Args:
            y_true: 0 and 1, `(batch, classes)`.
            y_pred: scores of the same shape.
            sample_weight: a number for each sample; None for ones.
        """
        y_true, y_pred = cast(tensor(y_true), self.dtype), floating(y_pred)
        self.build_for(y_true, y_pred)
        if self.threshold is None:
            classes = y_pred.shape[-1]
            highest = equal(expand_dims(argmax(y_pred, axis=-1), -1), arange(classes, dtype="int32"))
            # a row of nothing but zeros names no class
            yes = logical_and(highest, greater(abs(y_pred), 1e-9))
        else:
            yes = greater(y_pred, self.threshold)
        yes = cast(yes, self.dtype)
        weight = None if sample_weight is None else _column(cast(tensor(sample_weight), self.dtype))

        def total(amounts: Any) -> Any:
            return sum_of(amounts if weight is None else multiply(amounts, weight), axis=self.axis)

        self.true_positives.assign_add(total(multiply(yes, y_true)))
        self.false_positives.assign_add(total(multiply(yes, subtract(1.0, y_true))))
        self.false_negatives.assign_add(total(multiply(subtract(1.0, yes), y_true)))
        self.intermediate_weights.assign_add(total(y_true))

    def result(self) -> Any:
        """The score, or with average None the scores of the classes."""
        tp = self.true_positives.value
        precision = divide_no_nan(tp, add(tp, self.false_positives.value))
        recall = divide_no_nan(tp, add(tp, self.false_negatives.value))
        both = add(multiply(precision, self.beta**2), recall)
        score = multiply(divide_no_nan(multiply(precision, recall), both), 1.0 + self.beta**2)
        if self.average == "weighted":
            frequency = self.intermediate_weights.value
            return sum_of(multiply(score, divide_no_nan(frequency, sum_of(frequency))))
        return mean(score) if self.average is not None else score

    def reset_state(self) -> None:
        """Start again."""
        if self._built:
            super().reset_state()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"average": self.average, "beta": self.beta, "threshold": self.threshold}


def _column(weight: Any) -> Any:
    return expand_dims(weight, -1) if len(weight.shape) == 1 else weight


@saved_as("keras.metrics")
class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; see `FBetaScore` for the arguments.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.F1Score(average="micro", threshold=0.5)
        >>> round(float(metric([[1, 1, 1], [1, 0, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6]])), 4)
        0.5
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = super().get_config()
        del config["beta"]
        return config
