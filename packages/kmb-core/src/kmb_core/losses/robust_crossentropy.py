"""Cross-entropies with other weights: focal ones look at what is hard, the generalized one bears wrong labels."""

from typing import Any

from kmb_core.backend import dtype_of, epsilon
from kmb_core.losses.crossentropy import check_smoothing
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import floating, targets_and_predictions, tensor
from kmb_core.ops.arithmetic import add, clip, divide, multiply, power, subtract
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import log
from kmb_core.ops.manipulation import squeeze
from kmb_core.ops.nn import loss as nn_loss
from kmb_core.ops.nn.activations import sigmoid, softmax
from kmb_core.ops.reduction import mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


@saved_as("keras.metrics")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The mean along an axis of `(1 - p)^gamma` times the cross-entropy, p being the probability given to the truth.

    Args:
        y_true: 0 and 1, or probabilities.
        y_pred: probabilities; logits with `from_logits`.
        apply_class_balancing: whether 1 is weighted by alpha and 0 by 1 - alpha.
        alpha: weight of class 1.
        gamma: how much less easy examples count.
        from_logits: whether predictions are logits.
        label_smoothing: targets are moved by this part of the way towards 1/2.
        axis: the axis that the mean is taken over.

    Returns:
        The shape without `axis`. See Lin et al., Focal loss for dense object detection, 2017.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.binary_focal_crossentropy([[1.0]], [[0.5]])[0]), 4)
        0.1733
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    if label_smoothing:
        y_true = add(multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing)
    p = sigmoid(y_pred) if from_logits else y_pred
    entropy = nn_loss.binary_crossentropy(y_true, p)
    of_truth = add(multiply(y_true, p), multiply(subtract(1.0, y_true), subtract(1.0, p)))
    values = multiply(power(subtract(1.0, of_truth), gamma), entropy)
    if apply_class_balancing:
        weight = add(multiply(y_true, alpha), multiply(subtract(1.0, y_true), 1.0 - alpha))
        values = multiply(weight, values)
    return mean(values, axis=axis)


@saved_as("keras.metrics")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The sum over classes of `-alpha * (1 - p)^gamma * y_true * log(p)`.

    Args:
        y_true: one-hot, or probabilities of the classes.
        y_pred: probabilities of the classes; logits with `from_logits`.
        alpha: weight, one for all classes or one for each.
        gamma: how much less easy examples count.
        from_logits: whether predictions are logits.
        label_smoothing: targets are moved by this part of the way towards equal probabilities.
        axis: the axis of classes.

    Returns:
        The shape without `axis`. See Lin et al., Focal loss for dense object detection, 2017.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
        0.0433
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    if label_smoothing:
        classes = y_pred.shape[axis]
        y_true = add(multiply(y_true, 1.0 - label_smoothing), label_smoothing / classes)
    p = softmax(y_pred, axis=axis) if from_logits else y_pred
    p = clip(divide(p, sum_of(p, axis=axis, keepdims=True)), epsilon(), 1.0 - epsilon())
    weight = multiply(power(subtract(1.0, p), gamma), alpha)
    return sum_of(multiply(weight, multiply(subtract(0.0, y_true), log(p))), axis=axis)


@saved_as("keras.losses")
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """`(1 - p^q) / q`, p being the probability given to the true class: between cross-entropy (q → 0) and 1 - p.

    Args:
        y_true: class numbers, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities of the classes, `(batch, ..., classes)`.
        q: from 0 (excluded) to 1; the higher, the less wrong labels harm.

    Returns:
        `(batch, ...)`. See Zhang and Sabuncu, Generalized cross entropy loss for noisy labels, 2018.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.categorical_generalized_cross_entropy([1], [[0.75, 0.25]], 0.5)[0]), 4)
        1.0
    """
    y_pred, y_true = floating(y_pred), tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = squeeze(y_true, -1)
    truth = nn_loss.one_hot(cast(y_true, "int32"), y_pred.shape[-1], dtype=dtype_of(y_pred))
    p = sum_of(multiply(truth, clip(y_pred, epsilon(), 1.0 - epsilon())), axis=-1)
    return divide(subtract(1.0, power(p, q)), q)


@saved_as("keras.losses")
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """The focal cross-entropy of yes-no predictions; see `binary_focal_crossentropy` for the arguments.

    Raises:
        ValueError: for a label smoothing outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
        0.1733
    """

    targets_as_given = True

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing, "BinaryFocalCrossentropy")
        settings = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        settings |= {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_focal_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)
        self.__dict__.update(settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs


@saved_as("keras.losses")
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """The focal cross-entropy of classes; see `categorical_focal_crossentropy` for the arguments.

    Raises:
        ValueError: for a label smoothing outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
        0.0433
    """

    targets_as_given = True

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing, "CategoricalFocalCrossentropy")
        settings = {"alpha": alpha, "gamma": gamma, "from_logits": from_logits}
        settings |= {"label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_focal_crossentropy, reduction=reduction, name=name, dtype=dtype, **settings)
        self.__dict__.update(settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs


@saved_as("keras.losses")
class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """The generalized cross-entropy, for labels of which some are wrong.

    Args:
        q: from 0 to 1, both excluded; the higher, the less wrong labels harm.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: for another q.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]])), 4)
        1.0
    """

    targets_as_given = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"CategoricalGeneralizedCrossEntropy: q lies between 0 and 1, both excluded, got {q}")
        super().__init__(categorical_generalized_cross_entropy, reduction=reduction, name=name, dtype=dtype, q=q)
        self.q = q

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs
