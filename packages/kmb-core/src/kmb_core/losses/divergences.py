"""Losses between distributions: Kullback and Leibler's divergence, and the Poisson likelihood."""

from typing import Any

from kmb_core.backend import epsilon
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import targets_and_predictions
from kmb_core.ops.arithmetic import add, clip, divide, multiply, subtract
from kmb_core.ops.functions import log
from kmb_core.ops.reduction import mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


@saved_as("keras.metrics")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """The sum of `y_true * log(y_true / y_pred)` along the last axis.

    Args:
        y_true, y_pred: probabilities, held between `config.epsilon()` and 1; `(batch, ..., classes)`.

    Returns:
        `(batch, ...)`. See Kullback and Leibler, On information and sufficiency, 1951.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])[0]), 4)
        0.1438
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    y_true, y_pred = clip(y_true, epsilon(), 1.0), clip(y_pred, epsilon(), 1.0)
    return sum_of(multiply(y_true, log(divide(y_true, y_pred))), axis=-1)


@saved_as("keras.metrics")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """The mean of `y_pred - y_true * log(y_pred)` along the last axis: the likelihood of counts, without a constant.

    Args:
        y_true: counts; `(batch, ..., values)`.
        y_pred: expected counts, positive.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.poisson([[2.0]], [[1.0]])[0]), 4)
        1.0
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return mean(subtract(y_pred, multiply(y_true, log(add(y_pred, epsilon())))), axis=-1)


@saved_as("keras.losses")
class KLDivergence(LossFunctionWrapper):
    """Kullback and Leibler's divergence of predicted distributions.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
        0.1438
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class Poisson(LossFunctionWrapper):
    """The Poisson loss of predicted counts.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.Poisson()([[2.0]], [[1.0]])), 4)
        1.0
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction=reduction, name=name, dtype=dtype)
