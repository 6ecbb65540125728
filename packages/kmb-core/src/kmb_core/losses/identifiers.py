"""Losses from names, classes and saved forms, and back."""

from typing import Any

from kmb_core.losses import crossentropy, regression
from kmb_core.losses.loss import Loss
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

CLASSES = (
    Loss,
    regression.Huber,
    regression.MeanAbsoluteError,
    regression.MeanSquaredError,
    crossentropy.BinaryCrossentropy,
    crossentropy.CategoricalCrossentropy,
    crossentropy.SparseCategoricalCrossentropy,
)
FUNCTIONS = (
    regression.huber,
    regression.mean_absolute_error,
    regression.mean_squared_error,
    crossentropy.binary_crossentropy,
    crossentropy.categorical_crossentropy,
    crossentropy.sparse_categorical_crossentropy,
)
# A class name means an object of the class; a function's name and the short names mean the function.
NAMES: dict[str, Any] = {
    **{thing.__name__: thing for thing in (*CLASSES, *FUNCTIONS)},
    **dict.fromkeys(("mse", "MSE"), regression.mean_squared_error),
    **dict.fromkeys(("mae", "MAE"), regression.mean_absolute_error),
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
