"""Losses of predictions that are probabilities, or logits: the cross-entropies."""

from typing import Any

from kmb_core.backend import dtype_of, masks
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import floating, targets_and_predictions, tensor
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import not_equal, where
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.ops.manipulation import squeeze
from kmb_core.ops.nn import loss as nn_loss
from kmb_core.ops.reduction import mean
from kmb_core.serialization import saved_as
from kmb_core.shapes import normalize_axis


@saved_as("keras.metrics")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """The mean of the cross-entropies of yes-no predictions along an axis.

    Args:
        y_true: 0 and 1, or probabilities.
        y_pred: probabilities; logits with `from_logits`.
        label_smoothing: targets are moved by this part of the way towards 1/2.
        axis: the axis that the mean is taken over.

    Returns:
        The shape without `axis`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.binary_crossentropy([[1.0, 0.0]], [[0.5, 0.5]])[0]), 4)
        0.6931
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    if label_smoothing:
        y_true = add(multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing)
    return mean(nn_loss.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@saved_as("keras.metrics")
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """The cross-entropy of predicted classes against one-hot targets.

    Args:
        y_true: one-hot, or probabilities of the classes, of the shape of `y_pred`.
        y_pred: probabilities of the classes; logits with `from_logits`.
        label_smoothing: targets are moved by this part of the way towards equal probabilities.
        axis: the axis of classes.

    Returns:
        The shape without `axis`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.categorical_crossentropy([[0, 1]], [[0.5, 0.5]])[0]), 4)
        0.6931
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    if label_smoothing:
        classes = y_pred.shape[axis]
        y_true = add(multiply(y_true, 1.0 - label_smoothing), label_smoothing / classes)
    return nn_loss.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@saved_as("keras.metrics")
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """The cross-entropy of predicted classes against class numbers.

    Args:
        y_true: integers, of the shape of `y_pred` without `axis`, or with size 1 there.
        y_pred: probabilities of the classes; logits with `from_logits`.
        ignore_class: targets of this number (padding, for instance) count for nothing.
        axis: the axis of classes.

    Returns:
        The shape without `axis`; 0 where the target is ignored.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]])[0]), 4)
        0.6931
    """
    y_true, y_pred = tensor(y_true), floating(y_pred)
    if ignore_class is None:
        return nn_loss.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    if len(y_true.shape) == len(y_pred.shape):
        y_true = squeeze(y_true, normalize_axis(axis, len(y_pred.shape), "losses.sparse_categorical_crossentropy"))
    counts = not_equal(y_true, cast(ignore_class, dtype_of(y_true)))
    y_true = where(counts, y_true, zeros_like(y_true))
    values = nn_loss.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    values = where(counts, values, zeros_like(values))
    masks.set_mask(values, counts)
    return values


@saved_as("keras.losses")
class BinaryCrossentropy(LossFunctionWrapper):
    """The cross-entropy of yes-no predictions.

    Args:
        from_logits: whether predictions are logits; probabilities otherwise.
        label_smoothing: from 0 to 1; see `binary_crossentropy`.
        axis: the axis that the mean of a sample is taken over.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: for a label smoothing outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]])), 4)
        0.6931
    """

    targets_as_given = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing, "BinaryCrossentropy")
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs


@saved_as("keras.losses")
class CategoricalCrossentropy(LossFunctionWrapper):
    """The cross-entropy of predicted classes, against one-hot targets.

    Args:
        from_logits: whether predictions are logits; probabilities otherwise.
        label_smoothing: from 0 to 1; see `categorical_crossentropy`.
        axis: the axis of classes.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: for a label smoothing outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4)
        0.6931
    """

    targets_as_given = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing, "CategoricalCrossentropy")
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs


@saved_as("keras.losses")
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The cross-entropy of predicted classes, against class numbers.

    Args:
        from_logits: whether predictions are logits; probabilities otherwise.
        ignore_class: targets of this number count for nothing.
        reduction, name, dtype: see `Loss`.
        axis: the axis of classes.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
        0.6931
    """

    targets_as_given = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)
        self.from_logits, self.ignore_class = from_logits, ignore_class

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `axis` only where it is not the default, which is how Keras's own files look."""
        own: dict[str, Any] = {"from_logits": self.from_logits, "ignore_class": self.ignore_class}
        axis = self._fn_kwargs["axis"]
        return super().get_config() | own | ({} if axis == -1 else {"axis": axis})


def check_smoothing(label_smoothing: float, where: str) -> None:
    """Raise ValueError for a label smoothing outside of 0 to 1."""
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{where}: label_smoothing lies between 0 and 1, got {label_smoothing}")
