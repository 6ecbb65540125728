"""Losses of predictions that are numbers, errors measured by proportion: percentages, logarithms, log-cosh.

The functions give the mean over the last axis: one value for each sample (and step).
"""

import math
from typing import Any

from kmb_core.backend import epsilon
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import targets_and_predictions
from kmb_core.ops.arithmetic import absolute, add, divide, maximum, multiply, square, subtract
from kmb_core.ops.functions import log1p
from kmb_core.ops.nn.activations import softplus
from kmb_core.ops.reduction import mean
from kmb_core.serialization import saved_as


@saved_as("keras.metrics")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `100 * |y_true - y_pred| / |y_true|` along the last axis.

    Args:
        y_true, y_pred: `(batch, ..., values)`; targets nearer to 0 than `config.epsilon()` count as that.

    Returns:
        `(batch, ...)`, in percent.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]])[0])
        25.0
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    size = maximum(absolute(y_true), epsilon())
    return multiply(mean(absolute(divide(subtract(y_true, y_pred), size)), axis=-1), 100.0)


@saved_as("keras.metrics")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `(log(y_true + 1) - log(y_pred + 1))^2` along the last axis.

    Args:
        y_true, y_pred: `(batch, ..., values)`; negative values count as `config.epsilon()`.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.mean_squared_logarithmic_error([[0.0]], [[1.0]])[0]), 4)
        0.4805
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    first, second = log1p(maximum(y_pred, epsilon())), log1p(maximum(y_true, epsilon()))
    return mean(square(subtract(first, second)), axis=-1)


@saved_as("keras.losses")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """The mean of `log(cosh(y_pred - y_true))` along the last axis: `e^2 / 2` near 0, `|e| - log(2)` far from it.

    Args:
        y_true, y_pred: `(batch, ..., values)`.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.log_cosh([[0.0]], [[1.0]])[0]), 4)
        0.4338
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    error = subtract(y_pred, y_true)
    # cosh overflows where its logarithm does not: log(cosh(e)) = e + log(1 + exp(-2e)) - log(2)
    return mean(subtract(add(error, softplus(multiply(error, -2.0))), math.log(2.0)), axis=-1)


@saved_as("keras.losses")
class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The mean absolute error in percent of the targets.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])), 4)
        25.0
    """

    targets_as_given = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The mean squared difference of the logarithms of 1 + values.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
        0.4805
    """

    targets_as_given = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class LogCosh(LossFunctionWrapper):
    """The mean of the logarithm of the hyperbolic cosine of the error.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.LogCosh()([[0.0]], [[1.0]])), 4)
        0.4338
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction=reduction, name=name, dtype=dtype)
