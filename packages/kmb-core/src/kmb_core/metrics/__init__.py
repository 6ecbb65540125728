"""Metrics: what is watched while a model trains."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization import provide

_MODULES = {
    "kmb_core.metrics.metric": "Metric",
    "kmb_core.metrics.averages": "Mean MeanMetricWrapper Sum",
    "kmb_core.metrics.accuracy": (
        "Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy SparseTopKCategoricalAccuracy "
        "TopKCategoricalAccuracy binary_accuracy categorical_accuracy sparse_categorical_accuracy "
        "sparse_top_k_categorical_accuracy top_k_categorical_accuracy"
    ),
    "kmb_core.metrics.regression": "MeanAbsoluteError MeanSquaredError RootMeanSquaredError",
    "kmb_core.metrics.crossentropy": "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy",
    "kmb_core.metrics.identifiers": "deserialize get serialize",
    # The functions are those of the losses.
    "kmb_core.losses.regression": "huber mean_absolute_error mean_squared_error",
    "kmb_core.losses.crossentropy": "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy",
}

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {name: module for module, names in _MODULES.items() for name in names.split()}
)

provide("keras.metrics", __getattr__)
