"""Losses of overlap, for segmentation: Dice's and Tversky's."""

from typing import Any

from kmb_core.backend import epsilon
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import targets_and_predictions
from kmb_core.ops.arithmetic import add, divide, multiply, subtract
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


@saved_as("keras.losses")
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2 * overlap / (sum(y_true) + sum(y_pred))`, overlap being `sum(y_true * y_pred)`.

    Args:
        y_true, y_pred: membership of each element, from 0 to 1.
        axis: axes that the sums run over; all when None.

    Returns:
        The shape without these axes. See Sørensen 1948 and Dice 1945; as a loss Milletari et al., V-Net, 2016.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.dice([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    overlap = sum_of(multiply(y_true, y_pred), axis=axis)
    sizes = add(add(sum_of(y_true, axis=axis), sum_of(y_pred, axis=axis)), epsilon())
    return subtract(1.0, divide(multiply(overlap, 2.0), sizes))


@saved_as("keras.losses")
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """`1 - overlap / (overlap + alpha * missing + beta * too_much)`.

    Args:
        y_true, y_pred: membership of each element, from 0 to 1.
        alpha: weight of what is missed. beta: weight of what is predicted wrongly. (So Keras computes it, though it
            and the paper name them the other way round.)
        axis: axes that the sums run over; all when None.

    Returns:
        The shape without these axes. See Salehi et al., Tversky loss function for image segmentation, 2017.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.tversky([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    overlap = sum_of(multiply(y_true, y_pred), axis=axis)
    too_much = sum_of(multiply(y_pred, subtract(1.0, y_true)), axis=axis)
    missing = sum_of(multiply(subtract(1.0, y_pred), y_true), axis=axis)
    whole = add(add(overlap, multiply(missing, alpha)), multiply(too_much, beta))
    return subtract(1.0, divide(overlap, add(whole, epsilon())))


@saved_as("keras.losses")
class Dice(LossFunctionWrapper):
    """Dice's loss of overlap; see `dice`.

    Args:
        reduction, name, dtype: see `Loss`.
        axis: axes that the sums run over; all when None.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.Dice()([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333
    """

    targets_as_given = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction=reduction, name=name, dtype=dtype, axis=axis)
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs


@saved_as("keras.losses")
class Tversky(LossFunctionWrapper):
    """Tversky's loss of overlap; see `tversky`.

    Args:
        alpha: weight of what is missed.
        beta: weight of what is predicted wrongly.
        reduction, name, dtype: see `Loss`.
        axis: axes that the sums run over; all when None.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.Tversky()([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333
    """

    targets_as_given = True

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction=reduction, name=name, dtype=dtype, alpha=alpha, beta=beta, axis=axis)
        self.alpha, self.beta, self.axis = alpha, beta, axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs
