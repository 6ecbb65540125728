"""Metrics of predictions that are probabilities, or logits: the cross-entropies."""

from typing import Any

from kmb_core.losses import crossentropy
from kmb_core.metrics.averages import MeanMetricWrapper
from kmb_core.serialization import saved_as


@saved_as("keras.metrics")
class BinaryCrossentropy(MeanMetricWrapper):
    """The cross-entropy of yes-no predictions.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits; probabilities otherwise.
        label_smoothing: targets are moved by this part of the way towards 1/2.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(crossentropy.binary_crossentropy, name=name, dtype=dtype, **settings)
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


@saved_as("keras.metrics")
class CategoricalCrossentropy(MeanMetricWrapper):
    """The cross-entropy of predicted classes, against one-hot targets.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits; probabilities otherwise.
        label_smoothing: targets are moved by this part of the way towards equal probabilities.
        axis: the axis of classes.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(crossentropy.categorical_crossentropy, name=name, dtype=dtype, **settings)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


@saved_as("keras.metrics")
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The cross-entropy of predicted classes, against class numbers.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits; probabilities otherwise.
        ignore_class: targets of this number count for nothing.
        axis: the axis of classes.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.metrics.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        settings: dict[str, Any] = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(crossentropy.sparse_categorical_crossentropy, name=name, dtype=dtype, **settings)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis
