"""Metrics of predictions that are numbers."""

from typing import Any

from kmb_core.losses.regression import mean_absolute_error, mean_squared_error, targets_and_predictions
from kmb_core.metrics.averages import Mean, MeanMetricWrapper
from kmb_core.ops.arithmetic import square, subtract
from kmb_core.ops.functions import sqrt
from kmb_core.serialization import saved_as


@saved_as("keras.metrics")
class MeanSquaredError(MeanMetricWrapper):
    """The mean squared error.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.MeanSquaredError()([[1.0, 3.0]], [[1.0, 1.0]]))
        2.0
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name=name, dtype=dtype)


@saved_as("keras.metrics")
class MeanAbsoluteError(MeanMetricWrapper):
    """The mean absolute error.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.MeanAbsoluteError()([[1.0, 3.0]], [[1.0, 1.0]]))
        1.0
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name=name, dtype=dtype)


@saved_as("keras.metrics")
class RootMeanSquaredError(Mean):
    """The square root of the mean squared error over all samples.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.RootMeanSquaredError()([[1.0, 3.0]], [[3.0, 1.0]]))
        2.0
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]  # the public API: another signature than that of Mean
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Gather from a batch.

        Args:
            y_true, y_pred: targets and predictions of one shape.
            sample_weight: a number for each sample; None for ones.
        """
        y_true, y_pred = targets_and_predictions(y_true, y_pred)
        self._gather(square(subtract(y_true, y_pred)), sample_weight)

    def result(self) -> Any:
        """The square root of the mean."""
        return sqrt(super().result())
