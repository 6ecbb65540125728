"""Precision and recall, and what one of two such rates is where the other is held."""

from typing import Any

from kmb_core.metrics.confusion import NEVER, confusion, even_thresholds, parsed_thresholds
from kmb_core.metrics.metric import Metric
from kmb_core.ops.arithmetic import add
from kmb_core.ops.comparison import greater_equal, where
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.reduction import max as largest
from kmb_core.serialization import saved_as


class Rate(Metric):
    """Two counts and their quotient, `hits / (hits + others)`."""

    _others: str  # field of `Counts`, and name of the variable

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        default = 0.5 if top_k is None else NEVER  # of the highest, all are yes
        self.thresholds = parsed_thresholds(thresholds, default, type(self).__name__)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        setattr(self, self._others, self.add_variable(shape, "zeros", name=self._others))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch.

        Args:
            y_true: 0 and 1.
            y_pred: probabilities of the same shape.
            sample_weight: a number for each sample, or each prediction; None for ones.
        """
        counts = confusion(y_true, y_pred, self.thresholds, sample_weight, self.top_k, self.class_id)
        self.true_positives.assign_add(counts.true_positives)
        getattr(self, self._others).assign_add(getattr(counts, self._others))

    def result(self) -> Any:
        """The rate, 0 of nothing; one for each threshold where there are several."""
        hits = self.true_positives.value
        rate = divide_no_nan(hits, add(hits, getattr(self, self._others).value))
        return rate[0] if len(self.thresholds) == 1 else rate

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return super().get_config() | own


@saved_as("keras.metrics")
class Precision(Rate):
    """How much of what is predicted as yes is right: `true_positives / (true_positives + false_positives)`.

    Args:
        thresholds: a number or several, from 0 to 1: what is greater counts as yes; 0.5 when None.
        top_k: only so many highest predictions along the last axis can be yes; without thresholds they all are.
        class_id: look at this index of the last axis alone.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a threshold outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.Precision()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
        0.6667
    """

    _others = "false_positives"


@saved_as("keras.metrics")
class Recall(Rate):
    """How much of what is yes is found: `true_positives / (true_positives + false_negatives)`.

    Args:
        thresholds: a number or several, from 0 to 1: what is greater counts as yes; 0.5 when None.
        top_k: only so many highest predictions along the last axis can be yes; without thresholds they all are.
        class_id: look at this index of the last axis alone.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a threshold outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.Recall()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
        0.6667
    """

    _others = "false_negatives"


class RateAtRate(Metric):
    """The best of one rate over the thresholds at which another reaches what is asked for; 0 where none does."""

    _held: str  # the argument's name
    _counted = ("true_positives", "false_positives", "true_negatives", "false_negatives")

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise ValueError(f"{type(self).__name__}: {self._held} lies between 0 and 1, got {value}")
        if num_thresholds <= 0:
            raise ValueError(f"{type(self).__name__}: num_thresholds is positive, got {num_thresholds}")
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        setattr(self, self._held, value)
        if num_thresholds == 1:
            self.thresholds = [0.5]
        else:
            self.thresholds = [0.0, *even_thresholds(num_thresholds)[1:-1], 1.0]
        for counted in self._counted:
            setattr(self, counted, self.add_variable((len(self.thresholds),), "zeros", name=counted))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch.

        Args:
            y_true: 0 and 1.
            y_pred: probabilities of the same shape.
            sample_weight: a number for each sample, or each prediction; None for ones.
        """
        counts = confusion(y_true, y_pred, self.thresholds, sample_weight, class_id=self.class_id)
        for counted in self._counted:
            getattr(self, counted).assign_add(getattr(counts, counted))

    def _rate(self, hits: str, others: str) -> Any:
        count = getattr(self, hits).value
        return divide_no_nan(count, add(count, getattr(self, others).value))

    def _precision(self) -> Any:
        return self._rate("true_positives", "false_positives")

    def _recall(self) -> Any:
        return self._rate("true_positives", "false_negatives")

    def _specificity(self) -> Any:
        return self._rate("true_negatives", "false_positives")

    def _best(self, wanted: Any, held: Any) -> Any:
        return largest(where(greater_equal(held, self.value), wanted, 0.0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {"num_thresholds": self.num_thresholds, "class_id": self.class_id, self._held: self.value}
        return super().get_config() | own


@saved_as("keras.metrics")
class SensitivityAtSpecificity(RateAtRate):
    """The best sensitivity (recall) at a given specificity (the share of no that is recognised).

    Args:
        specificity: from 0 to 1.
        num_thresholds: how many thresholds are tried.
        class_id: look at this index of the last axis alone.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a specificity outside of 0 to 1, or no thresholds.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _held = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        """The best sensitivity."""
        return self._best(self._recall(), self._specificity())


@saved_as("keras.metrics")
class SpecificityAtSensitivity(RateAtRate):
    """The best specificity (the share of no that is recognised) at a given sensitivity (recall).

    Args:
        sensitivity: from 0 to 1.
        num_thresholds: how many thresholds are tried.
        class_id: look at this index of the last axis alone.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a sensitivity outside of 0 to 1, or no thresholds.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.SpecificityAtSensitivity(0.5)
        >>> round(float(metric([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
        0.6667
    """

    _held = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        """The best specificity."""
        return self._best(self._specificity(), self._recall())


@saved_as("keras.metrics")
class PrecisionAtRecall(RateAtRate):
    """The best precision at a given recall.

    Args:
        recall: from 0 to 1.
        num_thresholds: how many thresholds are tried.
        class_id: look at this index of the last axis alone.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a recall outside of 0 to 1, or no thresholds.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _held = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        """The best precision."""
        return self._best(self._precision(), self._recall())


@saved_as("keras.metrics")
class RecallAtPrecision(RateAtRate):
    """The best recall at a given precision.

    Args:
        precision: from 0 to 1.
        num_thresholds: how many thresholds are tried.
        class_id: look at this index of the last axis alone.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a precision outside of 0 to 1, or no thresholds.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
        0.5
    """

    _held = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        """The best recall."""
        return self._best(self._recall(), self._precision())
