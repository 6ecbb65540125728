"""Metrics from names, classes and saved forms, and back."""

from typing import Any

from kmb_core.backend import to_snake_case
from kmb_core.losses import divergences, margins, relative_errors, robust_crossentropy
from kmb_core.losses import regression as losses
from kmb_core.metrics import (
    accuracy,
    area,
    averages,
    correlation,
    counts,
    crossentropy,
    fbeta,
    intersection,
    of_losses,
    precision_recall,
    regression,
)
from kmb_core.metrics.metric import Metric
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

CLASSES = (
    Metric,
    averages.Mean,
    averages.MeanMetricWrapper,
    averages.Sum,
    accuracy.Accuracy,
    accuracy.BinaryAccuracy,
    accuracy.CategoricalAccuracy,
    accuracy.SparseCategoricalAccuracy,
    accuracy.SparseTopKCategoricalAccuracy,
    accuracy.TopKCategoricalAccuracy,
    crossentropy.BinaryCrossentropy,
    crossentropy.CategoricalCrossentropy,
    crossentropy.SparseCategoricalCrossentropy,
    regression.MeanAbsoluteError,
    regression.MeanSquaredError,
    regression.RootMeanSquaredError,
    of_losses.CategoricalHinge,
    of_losses.CosineSimilarity,
    of_losses.Hinge,
    of_losses.KLDivergence,
    of_losses.LogCoshError,
    of_losses.MeanAbsolutePercentageError,
    of_losses.MeanSquaredLogarithmicError,
    of_losses.Poisson,
    of_losses.SquaredHinge,
    counts.FalseNegatives,
    counts.FalsePositives,
    counts.TrueNegatives,
    counts.TruePositives,
    precision_recall.Precision,
    precision_recall.PrecisionAtRecall,
    precision_recall.Recall,
    precision_recall.RecallAtPrecision,
    precision_recall.SensitivityAtSpecificity,
    precision_recall.SpecificityAtSensitivity,
    area.AUC,
    fbeta.F1Score,
    fbeta.FBetaScore,
    intersection.BinaryIoU,
    intersection.IoU,
    intersection.MeanIoU,
    intersection.OneHotIoU,
    intersection.OneHotMeanIoU,
    correlation.ConcordanceCorrelation,
    correlation.PearsonCorrelation,
    correlation.R2Score,
)
FUNCTIONS = (
    accuracy.binary_accuracy,
    accuracy.categorical_accuracy,
    accuracy.sparse_categorical_accuracy,
    accuracy.sparse_top_k_categorical_accuracy,
    accuracy.top_k_categorical_accuracy,
    crossentropy.crossentropy.binary_crossentropy,
    crossentropy.crossentropy.categorical_crossentropy,
    crossentropy.crossentropy.sparse_categorical_crossentropy,
    losses.huber,
    losses.mean_absolute_error,
    losses.mean_squared_error,
    relative_errors.log_cosh,
    relative_errors.mean_absolute_percentage_error,
    relative_errors.mean_squared_logarithmic_error,
    robust_crossentropy.binary_focal_crossentropy,
    robust_crossentropy.categorical_focal_crossentropy,
    margins.categorical_hinge,
    margins.hinge,
    margins.squared_hinge,
    divergences.kl_divergence,
    divergences.poisson,
    correlation.concordance_correlation,
    correlation.pearson_correlation,
)
# A string means an object of a class; only in a saved form does it name a function.
NAMES: dict[str, Any] = {
    **{cls.__name__: cls for cls in CLASSES},
    **{to_snake_case(cls.__name__): cls for cls in CLASSES},
    **dict.fromkeys(("mse", "MSE"), regression.MeanSquaredError),
    **dict.fromkeys(("mae", "MAE"), regression.MeanAbsoluteError),
    **dict.fromkeys(("rmse", "RMSE"), regression.RootMeanSquaredError),
    **dict.fromkeys(("mape", "MAPE"), of_losses.MeanAbsolutePercentageError),
    **dict.fromkeys(("msle", "MSLE"), of_losses.MeanSquaredLogarithmicError),
    **dict.fromkeys(("kld", "KLD"), of_losses.KLDivergence),
    **dict.fromkeys(("bce", "BCE"), crossentropy.BinaryCrossentropy),
}
FUNCTION_NAMES: dict[str, Any] = {function.__name__: function for function in FUNCTIONS}


def get(identifier: Any) -> Any:
    """The metric that something stands for.

    Args:
        identifier: a name ("mse", "BinaryAccuracy"), a class, a saved form, a metric, a function, or None (returned).

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> import kmb_core
        >>> kmb_core.metrics.get("mse").name
        'mean_squared_error'
    """
    return deserialize(identifier)


def serialize(metric: Any) -> Any:
    """A metric or metric function as plain data."""
    return serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A metric or metric function from a name or from what `serialize` gave.

    Args:
        config: a name or a saved form.
        custom_objects: further classes and functions by name.
    """
    if isinstance(config, dict):
        names = FUNCTION_NAMES if config.get("class_name") == "function" else NAMES
        if isinstance((config.get("config") or {}), dict) and "fn" in (config.get("config") or {}):
            function = deserialize(config["config"]["fn"], custom_objects)
            config = {**config, "config": {**config["config"], "fn": function}}
        return resolve(config, names, "metric", custom_objects, modules=("keras.metrics", "keras.losses"))
    if callable(config) and not isinstance(config, type):
        return config
    return resolve(config, NAMES, "metric", custom_objects)
