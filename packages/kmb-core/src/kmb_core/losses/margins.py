"""Losses that ask for a margin between right and wrong: the hinges.

Targets are -1 and 1; where all are 0 or 1 they are taken for that.
"""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import targets_and_predictions
from kmb_core.ops.arithmetic import add, maximum, multiply, square, subtract
from kmb_core.ops.comparison import equal, logical_or, where
from kmb_core.ops.creation import cast
from kmb_core.ops.reduction import all as all_of
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.reduction import mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


def _signs(y_true: Any) -> Any:
    """-1 and 1; made of 0 and 1 where there is nothing else."""
    binary = all_of(logical_or(equal(y_true, 0.0), equal(y_true, 1.0)))
    return where(binary, subtract(multiply(y_true, 2.0), 1.0), cast(y_true, dtype_of(y_true)))


@saved_as("keras.metrics")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of `max(1 - y_true * y_pred, 0)` along the last axis.

    Args:
        y_true: -1 and 1, or 0 and 1; `(batch, ..., values)`.
        y_pred: scores, positive for 1.

    Returns:
        `(batch, ...)`. See Cortes and Vapnik, Support-vector networks, 1995.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.hinge([[1.0, -1.0]], [[0.5, 0.5]])[0])
        1.0
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return mean(maximum(subtract(1.0, multiply(_signs(y_true), y_pred)), 0.0), axis=-1)


@saved_as("keras.metrics")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of `max(1 - y_true * y_pred, 0)^2` along the last axis.

    Args:
        y_true: -1 and 1, or 0 and 1; `(batch, ..., values)`.
        y_pred: scores, positive for 1.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.squared_hinge([[1.0, -1.0]], [[0.5, 0.5]])[0])
        1.25
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return mean(square(maximum(subtract(1.0, multiply(_signs(y_true), y_pred)), 0.0)), axis=-1)


@saved_as("keras.metrics")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(wrong - right + 1, 0)`: the highest score of a wrong class against the score of the right one.

    Args:
        y_true: one-hot; `(batch, ..., classes)`.
        y_pred: scores of the classes.

    Returns:
        `(batch, ...)`. See Crammer and Singer, On the algorithmic implementation of multiclass kernel-based vector
        machines, 2001.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]])[0])
        0.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    right = sum_of(multiply(y_true, y_pred), axis=-1)
    wrong = largest(multiply(subtract(1.0, y_true), y_pred), axis=-1)
    return maximum(add(subtract(wrong, right), 1.0), 0.0)


@saved_as("keras.losses")
class Hinge(LossFunctionWrapper):
    """The hinge loss of yes-no scores.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.Hinge()([[1.0, -1.0]], [[0.5, 0.5]])), 4)
        1.0
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class SquaredHinge(LossFunctionWrapper):
    """The squared hinge loss of yes-no scores.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.SquaredHinge()([[1.0, -1.0]], [[0.5, 0.5]])), 4)
        1.25
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class CategoricalHinge(LossFunctionWrapper):
    """The hinge loss of scores of classes.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])), 4)
        0.5
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(categorical_hinge, reduction=reduction, name=name, dtype=dtype)
