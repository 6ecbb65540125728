"""Intersection over union: how well predicted areas of classes cover the true ones."""

from collections.abc import Sequence
from typing import Any

from kmb_core.dtypes import floatx
from kmb_core.losses.regression import floating, tensor
from kmb_core.metrics.metric import Metric
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.comparison import greater, greater_equal, not_equal, where
from kmb_core.ops.creation import cast, ones_like, zeros_like
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import broadcast_to, expand_dims, reshape
from kmb_core.ops.matrices import diagonal
from kmb_core.ops.reduction import argmax
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.segments import segment_sum
from kmb_core.ops.tensors import shape
from kmb_core.serialization import saved_as


@saved_as("keras.metrics")
class IoU(Metric):
    """`overlap / (true area + predicted area - overlap)`, averaged over classes.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes that are averaged.
        name: see `Metric`.
        dtype: of the counts; int32 when None. Weighted counts are kept in floats beside it.
        ignore_class: where the targets are this number, nothing is counted.
        sparse_y_true, sparse_y_pred: whether they are class numbers; scores of the classes along `axis` otherwise.
        axis: the axis of classes.

    Raises:
        ValueError: for a class outside of 0 to num_classes - 1.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.IoU(num_classes=2, target_class_ids=[0])
        >>> round(float(metric([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        outside = [i for i in target_class_ids if not 0 <= i < num_classes]
        if outside:
            raise ValueError(f"{type(self).__name__}: classes are 0 to {num_classes - 1}, got {outside}")
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        square = (num_classes, num_classes)
        self.total_confusion_matrix = self.add_variable(square, "zeros", name="total_confusion_matrix")
        self.weighted_confusion_matrix = self.add_variable(
            square, "zeros", dtype=floatx(), name="weighted_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch.

        Args:
            y_true, y_pred: class numbers of any shape; scores of the classes where they are not sparse.
            sample_weight: of a shape that broadcasts against the class numbers; None for ones.
        """
        y_true, y_pred = tensor(y_true), tensor(y_pred)
        y_true = cast(y_true if self.sparse_y_true else argmax(y_true, axis=self.axis), "int32")
        y_pred = cast(y_pred if self.sparse_y_pred else argmax(y_pred, axis=self.axis), "int32")
        weighted = sample_weight is not None
        weights = _weights(sample_weight, y_true) if weighted else ones_like(reshape(y_true, (-1,)), dtype=self.dtype)
        y_true, y_pred = reshape(y_true, (-1,)), reshape(y_pred, (-1,))
        if self.ignore_class is not None:
            counts = not_equal(y_true, self.ignore_class)
            weights = where(counts, weights, zeros_like(weights))
            y_true = where(counts, y_true, zeros_like(y_true))
        place = add(multiply(y_true, self.num_classes), y_pred)
        found = segment_sum(weights, place, num_segments=self.num_classes**2)
        matrix = reshape(found, (self.num_classes, self.num_classes))
        (self.weighted_confusion_matrix if weighted else self.total_confusion_matrix).assign_add(matrix)

    def result(self) -> Any:
        """The mean over the classes that there are."""
        matrix = add(cast(self.total_confusion_matrix.value, floatx()), self.weighted_confusion_matrix.value)
        overlap = diagonal(matrix)
        union = subtract(add(sum_of(matrix, axis=0), sum_of(matrix, axis=1)), overlap)
        overlap, union = take(overlap, self.target_class_ids, axis=0), take(union, self.target_class_ids, axis=0)
        there = cast(greater(union, 0.0), floatx())
        return divide_no_nan(sum_of(divide_no_nan(overlap, union)), sum_of(there))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }
        return super().get_config() | own


def _weights(sample_weight: Any, like: Any) -> Any:
    weights = floating(sample_weight)
    while len(weights.shape) < len(like.shape):
        weights = expand_dims(weights, -1)
    return reshape(broadcast_to(weights, shape(like)), (-1,))


@saved_as("keras.metrics")
class BinaryIoU(IoU):
    """Intersection over union of yes-no predictions.

    Args:
        target_class_ids: 0 for no, 1 for yes, or both, which are averaged.
        threshold: what reaches it counts as yes.
        name, dtype: see `IoU`.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
        >>> round(float(metric([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count in a batch; see `IoU`.

        Args:
            y_true: 0 and 1.
            y_pred: probabilities of the same shape.
            sample_weight: of a shape that broadcasts against them; None for ones.
        """
        super().update_state(y_true, greater_equal(floating(y_pred), self.threshold), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {"target_class_ids": self.target_class_ids, "threshold": self.threshold}
        return {"name": self.name, "dtype": self.dtype, **own}


@saved_as("keras.metrics")
class MeanIoU(IoU):
    """Intersection over union, averaged over all classes; see `IoU` for the arguments.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, list(range(num_classes)), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = super().get_config()
        del config["target_class_ids"]
        return config


@saved_as("keras.metrics")
class OneHotIoU(IoU):
    """Intersection over union of one-hot targets; see `IoU` for the arguments.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.OneHotIoU(num_classes=2, target_class_ids=[0])
        >>> float(metric([[1, 0], [0, 1]], [[0.8, 0.2], [0.6, 0.4]]))
        0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = super().get_config()
        del config["sparse_y_true"]
        return config


@saved_as("keras.metrics")
class OneHotMeanIoU(MeanIoU):
    """Intersection over union of one-hot targets, averaged over all classes; see `IoU` for the arguments.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.OneHotMeanIoU(num_classes=2)
        >>> float(metric([[1, 0], [0, 1]], [[0.8, 0.2], [0.6, 0.4]]))
        0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = super().get_config()
        del config["sparse_y_true"]
        return config
