"""Regularizers by name and in files."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.regularizers.penalties import L1, L1L2, L2, OrthogonalRegularizer
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

NAMES = {cls.__name__: cls for cls in (L1, L1L2, L2, OrthogonalRegularizer)} | {
    "l1": L1,
    "l1_l2": L1L2,
    "l1l2": L1L2,
    "l2": L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Callable[..., Any] | None:
    """The regularizer that something stands for.

    Args:
        identifier: a name ("l2"), a class, a regularizer, a function of the weight, a saved config, or None.

    Returns:
        The regularizer; None for None.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import regularizers
        >>> type(regularizers.get("l2")).__name__
        'L2'
    """
    return resolve(identifier, NAMES, "regularizer")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any] | None:
    """The regularizer that a saved form stands for.

    Args:
        config: what `serialize` gave.
        custom_objects: further classes and functions by name.

    Returns:
        The regularizer; None for None.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import regularizers
        >>> regularizers.deserialize(regularizers.serialize(regularizers.L2(0.5))).l2
        0.5
    """
    return resolve(config, NAMES, "regularizer", custom_objects)


def serialize(regularizer: Any) -> Any:
    """A regularizer as plain data.

    Args:
        regularizer: a regularizer, or a registered function.

    Returns:
        A dict of module, class name and config.

    Raises:
        ValueError: for what cannot be saved.

    Example:
        >>> from kmb_core import regularizers
        >>> regularizers.serialize(regularizers.L2(0.5))["config"]
        {'l2': 0.5}
    """
    return serialize_keras_object(regularizer)
