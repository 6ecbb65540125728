"""Losses as metrics: their means over all samples."""

from typing import Any

from kmb_core.losses.divergences import kl_divergence, poisson
from kmb_core.losses.margins import categorical_hinge, hinge, squared_hinge
from kmb_core.losses.regression import targets_and_predictions
from kmb_core.losses.relative_errors import log_cosh, mean_absolute_percentage_error, mean_squared_logarithmic_error
from kmb_core.metrics.averages import MeanMetricWrapper
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.nn.normalization import normalize
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between two vectors: unlike the loss of this name, higher for more alike.

    Args:
        y_true, y_pred: `(batch, ..., values)`.
        axis: the axis of the vectors.

    Returns:
        The shape without `axis`; 0 for a vector of zeros.
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return sum_of(multiply(normalize(y_true, axis=axis), normalize(y_pred, axis=axis)), axis=axis)


@saved_as("keras.metrics")
class CosineSimilarity(MeanMetricWrapper):
    """The mean of the cosines between targets and predictions.

    Args:
        name, dtype: see `Metric`.
        axis: the axis of the vectors.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.CosineSimilarity()([[0.0, 2.0]], [[1.0, 1.0]])), 4)
        0.7071
    """

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `axis` only where it is not the default, which is how Keras's own files look."""
        config = super().get_config()
        if config["axis"] == -1:
            del config["axis"]
        return config


@saved_as("keras.metrics")
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean absolute error in percent of the targets.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])), 4)
        25.0
    """

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name=name, dtype=dtype)


@saved_as("keras.metrics")
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean squared difference of the logarithms of 1 + values.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
        0.4805
    """

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name=name, dtype=dtype)


@saved_as("keras.metrics")
class LogCoshError(MeanMetricWrapper):
    """The mean of the logarithm of the hyperbolic cosine of the error.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.LogCoshError()([[0.0]], [[1.0]])), 4)
        0.4338
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name=name, dtype=dtype)


@saved_as("keras.metrics")
class Hinge(MeanMetricWrapper):
    """The mean hinge loss of yes-no scores.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.Hinge()([[1.0, -1.0]], [[0.5, 0.5]])), 4)
        1.0
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name=name, dtype=dtype)


@saved_as("keras.metrics")
class SquaredHinge(MeanMetricWrapper):
    """The mean squared hinge loss of yes-no scores.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.SquaredHinge()([[1.0, -1.0]], [[0.5, 0.5]])), 4)
        1.25
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name=name, dtype=dtype)


@saved_as("keras.metrics")
class CategoricalHinge(MeanMetricWrapper):
    """The mean hinge loss of scores of classes.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])), 4)
        0.5
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name=name, dtype=dtype)


@saved_as("keras.metrics")
class KLDivergence(MeanMetricWrapper):
    """The mean of Kullback and Leibler's divergence of predicted distributions.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
        0.1438
    """

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name=name, dtype=dtype)


@saved_as("keras.metrics")
class Poisson(MeanMetricWrapper):
    """The mean Poisson loss of predicted counts.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.Poisson()([[2.0]], [[1.0]])), 4)
        1.0
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name=name, dtype=dtype)
