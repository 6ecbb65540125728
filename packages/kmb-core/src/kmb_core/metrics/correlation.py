"""How predictions go with targets: correlation coefficients, and the share of variance that is explained."""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.losses.regression import floating, targets_and_predictions, tensor
from kmb_core.metrics.averages import MeanMetricWrapper
from kmb_core.metrics.metric import Metric
from kmb_core.ops.arithmetic import add, divide, multiply, square, subtract
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.copies import size
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.ops.functions import sqrt
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.reduction import mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as

AGGREGATIONS = (None, "uniform_average", "sum", "variance_weighted_average")
_TINY = 1e-7


def _moments(y_true: Any, y_pred: Any, axis: int) -> tuple[Any, Any, Any, Any]:
    """The covariance, both variances, and the difference of the means; along an axis."""
    true_mean, pred_mean = mean(y_true, axis=axis, keepdims=True), mean(y_pred, axis=axis, keepdims=True)
    true, pred = subtract(y_true, true_mean), subtract(y_pred, pred_mean)
    covariance = mean(multiply(true, pred), axis=axis)
    distance = mean(subtract(true_mean, pred_mean), axis=axis)
    return covariance, mean(square(true), axis=axis), mean(square(pred), axis=axis), distance


@saved_as("keras.metrics")
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's coefficient: the covariance over the product of the standard deviations.

    Args:
        y_true, y_pred: of one shape.
        axis: the axis along which values are compared.

    Returns:
        The shape without `axis`; from -1 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.pearson_correlation([[1.0, 2.0, 3.0]], [[2.0, 4.0, 7.0]])[0]), 3)
        0.993
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    covariance, of_true, of_pred, _ = _moments(y_true, y_pred, axis)
    return divide(covariance, add(sqrt(multiply(of_true, of_pred)), _TINY))


@saved_as("keras.metrics")
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's coefficient: `2 covariance / (variances + square of the means' difference)`; 1 for equal values alone.

    Args:
        y_true, y_pred: of one shape.
        axis: the axis along which values are compared.

    Returns:
        The shape without `axis`; from -1 to 1. See Lin, A concordance correlation coefficient, 1989.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.concordance_correlation([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]])[0]), 3)
        0.571
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    covariance, of_true, of_pred, distance = _moments(y_true, y_pred, axis)
    whole = add(add(of_true, of_pred), square(distance))
    return divide(multiply(covariance, 2.0), add(whole, _TINY))


@saved_as("keras.metrics")
class PearsonCorrelation(MeanMetricWrapper):
    """The mean of Pearson's coefficients.

    Args:
        name, dtype: see `Metric`.
        axis: the axis along which values are compared.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.PearsonCorrelation()([[1.0, 2.0, 3.0]], [[2.0, 4.0, 7.0]])), 3)
        0.993
    """

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


@saved_as("keras.metrics")
class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of Lin's coefficients.

    Args:
        name, dtype: see `Metric`.
        axis: the axis along which values are compared.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.ConcordanceCorrelation()([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]])), 3)
        0.571
    """

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


@saved_as("keras.metrics")
class R2Score(Metric):
    """The coefficient of determination: 1 less the share of the variance that is not explained.

    Args:
        class_aggregation: "uniform_average" over the outputs, "sum", "variance_weighted_average", or None for one each.
        num_regressors: of independent variables, for the adjusted score; 0 for the plain one. Each target is counted
            as an observation, as Keras does, so with several outputs the adjustment is smaller than by samples.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for an unknown aggregation or a negative number.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
        0.5714
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in AGGREGATIONS:
            raise ValueError(f"R2Score: class_aggregation is one of {AGGREGATIONS}, got {class_aggregation!r}")
        if num_regressors < 0:
            raise ValueError(f"R2Score: num_regressors is 0 or more, got {num_regressors}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), "zeros", dtype="int32", name="num_samples")
        self._built = False

    def build_for(self, y_true: Any, y_pred: Any) -> None:
        """Make the variables for targets and predictions like these."""
        true, pred = tuple(y_true.shape), tuple(y_pred.shape)
        if len(true) != 2 or len(pred) != 2 or (None not in (true[1], pred[1]) and true[1] != pred[1]):
            what = f"R2Score {self.name!r}: expected targets and predictions (batch, outputs), got {true} and {pred}"
            raise ShapeError(message(what, "An axis is missing, or one too many.", None))
        if self._built:
            return
        for kept in ("squared_sum", "sum", "total_mse", "count"):
            setattr(self, kept, self.add_variable((pred[1],), "zeros", name=kept))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add up over a batch.

        Args:
            y_true, y_pred: `(batch, outputs)`.
            sample_weight: a number for each sample; None for ones.
        """
        y_true, y_pred = cast(tensor(y_true), self.dtype), cast(floating(y_pred), self.dtype)
        self.build_for(y_true, y_pred)
        weight = cast(tensor(1.0 if sample_weight is None else sample_weight), self.dtype)
        weight = expand_dims(weight, -1) if len(weight.shape) == 1 else weight
        weighted = multiply(y_true, weight)
        self.sum.assign_add(sum_of(weighted, axis=0))
        self.squared_sum.assign_add(sum_of(multiply(y_true, weighted), axis=0))
        self.total_mse.assign_add(sum_of(multiply(square(subtract(y_true, y_pred)), weight), axis=0))
        self.count.assign_add(sum_of(multiply(add(multiply(y_true, 0.0), 1.0), weight), axis=0))
        self.num_samples.assign_add(cast(size(y_true), "int32"))

    def result(self) -> Any:
        """The score, or with aggregation None one for each output."""
        count = self.count.value
        average = divide_no_nan(self.sum.value, count)
        total = subtract(self.squared_sum.value, multiply(self.sum.value, average))
        scores = subtract(1.0, divide_no_nan(self.total_mse.value, total))
        scores = where(equal(total, 0.0), zeros_like(scores), scores)  # nothing varies, nothing is explained
        if self.class_aggregation == "sum":
            score = sum_of(scores)
        elif self.class_aggregation == "uniform_average":
            score = mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            score = divide_no_nan(sum_of(multiply(total, scores)), sum_of(total))
        else:
            score = scores
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: Any) -> Any:
        samples = cast(self.num_samples.value, self.dtype)
        freedom = subtract(samples, 1.0 + self.num_regressors)
        return subtract(1.0, divide_no_nan(multiply(subtract(1.0, score), subtract(samples, 1.0)), freedom))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return super().get_config() | own
