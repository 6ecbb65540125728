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
    "kmb_core.metrics.of_losses": (
        "CategoricalHinge CosineSimilarity Hinge KLDivergence LogCoshError MeanAbsolutePercentageError "
        "MeanSquaredLogarithmicError Poisson SquaredHinge"
    ),
    "kmb_core.metrics.counts": "FalseNegatives FalsePositives TrueNegatives TruePositives",
    "kmb_core.metrics.precision_recall": (
        "Precision PrecisionAtRecall Recall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity"
    ),
    "kmb_core.metrics.area": "AUC",
    "kmb_core.metrics.fbeta": "F1Score FBetaScore",
    "kmb_core.metrics.intersection": "BinaryIoU IoU MeanIoU OneHotIoU OneHotMeanIoU",
    "kmb_core.metrics.correlation": (
        "ConcordanceCorrelation PearsonCorrelation R2Score concordance_correlation pearson_correlation"
    ),
    "kmb_core.metrics.identifiers": "deserialize get serialize",
    # The functions are those of the losses.
    "kmb_core.losses.regression": "huber mean_absolute_error mean_squared_error",
    "kmb_core.losses.relative_errors": "log_cosh mean_absolute_percentage_error mean_squared_logarithmic_error",
    "kmb_core.losses.crossentropy": "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy",
    "kmb_core.losses.robust_crossentropy": "binary_focal_crossentropy categorical_focal_crossentropy",
    "kmb_core.losses.margins": "categorical_hinge hinge squared_hinge",
    "kmb_core.losses.divergences": "kl_divergence poisson",
}

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {name: module for module, names in _MODULES.items() for name in names.split()}
)

provide("keras.metrics", __getattr__)
