"""Losses: what training minimises."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization import provide

_MODULES = {
    "loss": "Loss",
    "regression": "Huber MeanAbsoluteError MeanSquaredError huber mean_absolute_error mean_squared_error",
    "crossentropy": (
        "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy "
        "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy"
    ),
    "relative_errors": (
        "LogCosh MeanAbsolutePercentageError MeanSquaredLogarithmicError "
        "log_cosh mean_absolute_percentage_error mean_squared_logarithmic_error"
    ),
    "margins": "CategoricalHinge Hinge SquaredHinge categorical_hinge hinge squared_hinge",
    "divergences": "KLDivergence Poisson kl_divergence poisson",
    "similarity": "Circle CosineSimilarity circle cosine_similarity",
    "overlap": "Dice Tversky dice tversky",
    "robust_crossentropy": (
        "BinaryFocalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy "
        "binary_focal_crossentropy categorical_focal_crossentropy categorical_generalized_cross_entropy"
    ),
    "sequences": "CTC ctc",
    "identifiers": "deserialize get serialize",
}

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}
)

provide("keras.losses", __getattr__)
