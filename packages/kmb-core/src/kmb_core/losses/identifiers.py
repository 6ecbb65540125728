"""Losses from names, classes and saved forms, and back."""

from typing import Any

from kmb_core.losses import (
    crossentropy,
    divergences,
    margins,
    overlap,
    regression,
    relative_errors,
    robust_crossentropy,
    sequences,
    similarity,
)
from kmb_core.losses.loss import Loss
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

CLASSES = (
    Loss,
    regression.Huber,
    regression.MeanAbsoluteError,
    regression.MeanSquaredError,
    relative_errors.LogCosh,
    relative_errors.MeanAbsolutePercentageError,
    relative_errors.MeanSquaredLogarithmicError,
    crossentropy.BinaryCrossentropy,
    crossentropy.CategoricalCrossentropy,
    crossentropy.SparseCategoricalCrossentropy,
    robust_crossentropy.BinaryFocalCrossentropy,
    robust_crossentropy.CategoricalFocalCrossentropy,
    robust_crossentropy.CategoricalGeneralizedCrossEntropy,
    margins.CategoricalHinge,
    margins.Hinge,
    margins.SquaredHinge,
    divergences.KLDivergence,
    divergences.Poisson,
    similarity.Circle,
    similarity.CosineSimilarity,
    overlap.Dice,
    overlap.Tversky,
    sequences.CTC,
)
FUNCTIONS = (
    regression.huber,
    regression.mean_absolute_error,
    regression.mean_squared_error,
    relative_errors.log_cosh,
    relative_errors.mean_absolute_percentage_error,
    relative_errors.mean_squared_logarithmic_error,
    crossentropy.binary_crossentropy,
    crossentropy.categorical_crossentropy,
    crossentropy.sparse_categorical_crossentropy,
    robust_crossentropy.binary_focal_crossentropy,
    robust_crossentropy.categorical_focal_crossentropy,
    robust_crossentropy.categorical_generalized_cross_entropy,
    margins.categorical_hinge,
    margins.hinge,
    margins.squared_hinge,
    divergences.kl_divergence,
    divergences.poisson,
    similarity.circle,
    similarity.cosine_similarity,
    overlap.dice,
    overlap.tversky,
    sequences.ctc,
)
# A class name means an object of the class; a function's name and the short names mean the function.
NAMES: dict[str, Any] = {
    **{thing.__name__: thing for thing in (*CLASSES, *FUNCTIONS)},
    **dict.fromkeys(("mse", "MSE"), regression.mean_squared_error),
    **dict.fromkeys(("mae", "MAE"), regression.mean_absolute_error),
    **dict.fromkeys(("mape", "MAPE"), relative_errors.mean_absolute_percentage_error),
    **dict.fromkeys(("msle", "MSLE"), relative_errors.mean_squared_logarithmic_error),
    **dict.fromkeys(("kld", "KLD"), divergences.kl_divergence),
    **dict.fromkeys(("bce", "BCE"), crossentropy.binary_crossentropy),
}


def get(identifier: Any) -> Any:
    """The loss, or loss function, that something stands for.

    Args:
        identifier: a name ("mse", "MeanSquaredError"), a class, a saved form, a loss, a function, or None (returned).

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> import kmb_core
        >>> kmb_core.losses.get("mse").__name__
        'mean_squared_error'
    """
    return resolve(identifier, NAMES, "loss", modules=("keras.losses", "keras.metrics"))


def serialize(loss: Any) -> Any:
    """A loss or loss function as plain data."""
    return serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A loss or loss function from a name or from what `serialize` gave.

    Args:
        name: a name or a saved form.
        custom_objects: further classes and functions by name.
    """
    return resolve(name, NAMES, "loss", custom_objects, modules=("keras.losses", "keras.metrics"))
