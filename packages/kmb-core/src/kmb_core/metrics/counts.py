"""Numbers of right and wrong yes-no predictions."""

from typing import Any

from kmb_core.metrics.confusion import confusion, parsed_thresholds
from kmb_core.metrics.metric import Metric
from kmb_core.serialization import saved_as


class ConfusionCount(Metric):
    """One of the four counts, at one threshold or several."""

    _counted: str  # field of `Counts`

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parsed_thresholds(thresholds, 0.5, type(self).__name__)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch.

        Args:
            y_true: 0 and 1.
            y_pred: probabilities of the same shape.
            sample_weight: a number for each sample, or each prediction; None for ones.
        """
        counts = confusion(y_true, y_pred, self.thresholds, sample_weight)
        self.accumulator.assign_add(getattr(counts, self._counted))

    def result(self) -> Any:
        """The count; one for each threshold where there are several."""
        total = self.accumulator.value
        return total[0] if len(self.thresholds) == 1 else total

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"thresholds": self.init_thresholds}


@saved_as("keras.metrics")
class TruePositives(ConfusionCount):
    """How many predictions are yes, and right.

    Args:
        thresholds: a number or several, from 0 to 1: what is greater counts as yes; 0.5 when None.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a threshold outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
        2.0
    """

    _counted = "true_positives"


@saved_as("keras.metrics")
class TrueNegatives(ConfusionCount):
    """How many predictions are no, and right.

    Args:
        thresholds: a number or several, from 0 to 1: what is greater counts as yes; 0.5 when None.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a threshold outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
        2.0
    """

    _counted = "true_negatives"


@saved_as("keras.metrics")
class FalsePositives(ConfusionCount):
    """How many predictions are yes, and wrong.

    Args:
        thresholds: a number or several, from 0 to 1: what is greater counts as yes; 0.5 when None.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a threshold outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
        2.0
    """

    _counted = "false_positives"


@saved_as("keras.metrics")
class FalseNegatives(ConfusionCount):
    """How many predictions are no, and wrong.

    Args:
        thresholds: a number or several, from 0 to 1: what is greater counts as yes; 0.5 when None.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for a threshold outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
        2.0
    """

    _counted = "false_negatives"
