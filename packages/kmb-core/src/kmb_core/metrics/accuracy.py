"""Accuracies: the share of predictions that are right.

Each comes as a function, which gives 1 or 0 for each prediction, and as a metric, which takes the mean.
"""

from typing import Any

from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.dtypes import floatx
from kmb_core.losses.alignment import same_rank
from kmb_core.losses.regression import targets_and_predictions, tensor
from kmb_core.metrics.averages import MeanMetricWrapper
from kmb_core.ops.comparison import equal, greater
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import reshape, squeeze
from kmb_core.ops.reduction import any, argmax, in_top_k
from kmb_core.serialization import saved_as


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where a prediction equals its target, element by element."""
    y_pred = tensor(y_pred)
    y_true = tensor(y_true)
    if dtype_of(y_true) != dtype_of(y_pred):
        y_true = cast(y_true, dtype_of(y_pred))
    y_true, y_pred = same_rank(y_true, y_pred)
    return cast(equal(y_true, y_pred), floatx())


@saved_as("keras.metrics")
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where a yes-no prediction is right, element by element.

    Args:
        y_true: 0 and 1.
        y_pred: probabilities of 1.
        threshold: above it the prediction is 1.

    Returns:
        The broadcast shape.

    Example:
        >>> import kmb_core
        >>> [float(v) for v in kmb_core.metrics.binary_accuracy([1, 0], [0.6, 0.7])]
        [1.0, 0.0]
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return cast(equal(y_true, cast(greater(y_pred, threshold), dtype_of(y_true))), floatx())


@saved_as("keras.metrics")
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the likeliest class is the target's.

    Args:
        y_true: one-hot, `(batch, ..., classes)`.
        y_pred: probabilities or logits of the same shape.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> [float(v) for v in kmb_core.metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]])]
        [1.0, 0.0]
    """
    return cast(equal(argmax(tensor(y_true), axis=-1), argmax(tensor(y_pred), axis=-1)), floatx())


def class_numbers(y_true: Any, y_pred: Any) -> Any:
    """Targets as integers without a last axis of size 1."""
    y_true = tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = squeeze(y_true, -1)
    if isinstance(y_true, KerasTensor):
        return cast(y_true, "int32")
    return cast(y_true, "int32") if y_true.dtype in current_backend().floats else y_true


@saved_as("keras.metrics")
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the likeliest class is the one that the target names.

    Args:
        y_true: class numbers, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or logits, `(batch, ..., classes)`.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> [float(v) for v in kmb_core.metrics.sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]])]
        [1.0, 0.0]
    """
    y_pred = tensor(y_pred)
    y_true = class_numbers(y_true, y_pred)
    found = argmax(y_pred, axis=-1)
    if found.dtype is not y_true.dtype:
        found = cast(found, dtype_of(y_true))
    return cast(equal(y_true, found), floatx())


@saved_as("keras.metrics")
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the target's class is among the k likeliest.

    Args:
        y_true: one-hot, `(batch, ..., classes)`.
        y_pred: probabilities or logits of the same shape.
        k: how many count as found.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.7, 0.2]], k=2)[0])
        1.0
    """
    return sparse_top_k_categorical_accuracy(argmax(tensor(y_true), axis=-1), y_pred, k)


@saved_as("keras.metrics")
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the class that the target names is among the k likeliest.

    Args:
        y_true: class numbers, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or logits, `(batch, ..., classes)`; with `from_sorted_ids` class numbers, likeliest first.
        k: how many count as found.
        from_sorted_ids: see `y_pred`.

    Returns:
        `(batch, ...)`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.sparse_top_k_categorical_accuracy([2], [[0.1, 0.7, 0.2]], k=2)[0])
        1.0
    """
    y_pred = tensor(y_pred)
    y_true = class_numbers(y_true, y_pred)
    shape = tuple(-1 if size is None else size for size in y_true.shape)
    flat_true, flat_pred = reshape(y_true, (-1,)), reshape(y_pred, (-1, y_pred.shape[-1]))
    if from_sorted_ids:
        ids = cast(flat_pred[:, :k], dtype_of(flat_true))
        found = any(equal(reshape(flat_true, (-1, 1)), ids), axis=-1)
    else:
        found = in_top_k(flat_true, flat_pred, k=k)
    found = cast(found, floatx())
    return found if len(shape) == 1 else reshape(found, shape)


@saved_as("keras.metrics")
class Accuracy(MeanMetricWrapper):
    """The share of predictions that equal their targets.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.Accuracy()([1, 2, 3, 4], [1, 2, 3, 0]))
        0.75
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)


@saved_as("keras.metrics")
class BinaryAccuracy(MeanMetricWrapper):
    """The share of yes-no predictions that are right.

    Args:
        name, dtype: see `Metric`.
        threshold: above it, strictly between 0 and 1, a probability means 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.BinaryAccuracy()([[1], [0]], [[0.6], [0.7]]))
        0.5
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is not None and not 0 < threshold < 1:
            raise ValueError(f"BinaryAccuracy: threshold lies between 0 and 1, got {threshold}")
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)
        self.threshold = threshold


@saved_as("keras.metrics")
class CategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose likeliest class is right, against one-hot targets.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.CategoricalAccuracy()([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]))
        0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


@saved_as("keras.metrics")
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose likeliest class is right, against class numbers.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.2, 0.8]]))
        0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


@saved_as("keras.metrics")
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose class is among the k likeliest, against one-hot targets.

    Args:
        k: how many count as found.
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.TopKCategoricalAccuracy(k=1)([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]))
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)
        self.k = k


@saved_as("keras.metrics")
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose class is among the k likeliest, against class numbers.

    Args:
        k: how many count as found.
        name, dtype: see `Metric`.
        from_sorted_ids: predictions are class numbers, likeliest first, instead of probabilities.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.metrics.SparseTopKCategoricalAccuracy(k=1)([1, 0], [[0.1, 0.9], [0.2, 0.8]]))
        0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        settings = {"k": k} | ({"from_sorted_ids": True} if from_sorted_ids else {})
        super().__init__(sparse_top_k_categorical_accuracy, name=name, dtype=dtype, **settings)
        self.k, self.from_sorted_ids = k, from_sorted_ids
