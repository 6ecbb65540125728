"""Losses of predictions that are numbers: squared, absolute, and between the two (Huber).

The functions give the mean over the last axis: one value for each sample (and step).
"""

from typing import Any

from kmb_core.backend import KerasTensor, Variable, dtype_of
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import process, state
from kmb_core.dtypes import floatx, is_float
from kmb_core.losses.alignment import same_rank
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.ops.arithmetic import absolute, multiply, square, subtract
from kmb_core.ops.comparison import less_equal, where
from kmb_core.ops.creation import cast, convert_to_tensor
from kmb_core.ops.reduction import mean
from kmb_core.serialization import saved_as


def targets_and_predictions(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors of the predictions' floating dtype and of one rank."""
    backend = state.override or process.backend or current_backend()
    native, true, pred = backend.native, y_true.__class__, y_pred.__class__
    if true in native and pred in native and y_true.dtype is y_pred.dtype and y_pred.dtype in backend.floats:
        return (y_true, y_pred) if len(y_true.shape) == len(y_pred.shape) else same_rank(y_true, y_pred)
    y_pred, y_true = floating(y_pred), tensor(y_true)
    if dtype_of(y_true) != dtype_of(y_pred):
        y_true = cast(y_true, dtype_of(y_pred))
    return same_rank(y_true, y_pred)


def tensor(x: Any) -> Any:
    """x as a tensor; symbolic ones stay as they are."""
    if x.__class__ in (state.override or process.backend or current_backend()).native or isinstance(x, KerasTensor):
        return x
    return x.value if isinstance(x, Variable) else convert_to_tensor(x)


def floating(x: Any) -> Any:
    """x as a tensor of a floating dtype."""
    backend = state.override or process.backend or current_backend()
    kind = x.__class__
    if kind in backend.native and x.dtype in backend.floats:
        return x
    x = tensor(x)
    return x if is_float(dtype_of(x)) else cast(x, floatx())


@saved_as("keras.metrics")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `(y_true - y_pred)^2` along the last axis.

    Args:
        y_true, y_pred: `(batch, ..., values)`.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.mean_squared_error([[1.0, 3.0]], [[1.0, 1.0]])[0])
        2.0
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return mean(square(subtract(y_true, y_pred)), axis=-1)


@saved_as("keras.metrics")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `|y_true - y_pred|` along the last axis.

    Args:
        y_true, y_pred: `(batch, ..., values)`.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.mean_absolute_error([[1.0, 3.0]], [[1.0, 1.0]])[0])
        1.0
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return mean(absolute(subtract(y_true, y_pred)), axis=-1)


@saved_as("keras.losses")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """The mean along the last axis of `e^2 / 2` for errors up to `delta`, of `delta * (|e| - delta / 2)` beyond.

    Args:
        y_true, y_pred: `(batch, ..., values)`.
        delta: the size of error where the parabola goes over into lines.

    Returns:
        `(batch, ...)`. See Huber, Robust estimation of a location parameter, 1964.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.huber([[0.0, 0.0]], [[1.0, 3.0]])[0])
        1.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    error = absolute(subtract(y_true, y_pred))
    parabola, line = multiply(square(error), 0.5), multiply(subtract(error, 0.5 * delta), delta)
    return mean(where(less_equal(error, delta), parabola, line), axis=-1)


@saved_as("keras.losses")
class MeanSquaredError(LossFunctionWrapper):
    """The mean squared error.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.MeanSquaredError()([[1.0, 3.0]], [[1.0, 1.0]]))
        2.0
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class MeanAbsoluteError(LossFunctionWrapper):
    """The mean absolute error.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.MeanAbsoluteError()([[1.0, 3.0]], [[1.0, 1.0]]))
        1.0
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction=reduction, name=name, dtype=dtype)


@saved_as("keras.losses")
class Huber(LossFunctionWrapper):
    """Huber's loss: squared for small errors, linear for large ones.

    Args:
        delta: the size of error where the one goes over into the other.
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.losses.Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
        1.5
    """

    targets_as_given = True

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction=reduction, name=name, dtype=dtype, delta=delta)
        self.delta = delta

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `delta` only where it is not the default, as in Keras's own files."""
        return super().get_config() | ({} if self.delta == 1.0 else {"delta": self.delta})
