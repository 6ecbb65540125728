"""Constraints by name and in files."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.constraints.constraint import Constraint
from kmb_core.constraints.norms import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

NAMES = {cls.__name__: cls for cls in (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)} | {
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}


def get(identifier: Any) -> Callable[..., Any] | None:
    """The constraint that something stands for.

    Args:
        identifier: a name ("max_norm"), a class, a constraint, a function of the weight, a saved config, or None.

    Returns:
        The constraint; None for None.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import constraints
        >>> type(constraints.get("max_norm")).__name__
        'MaxNorm'
    """
    return resolve(identifier, NAMES, "constraint")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any] | None:
    """The constraint that a saved form stands for.

    Args:
        config: what `serialize` gave.
        custom_objects: further classes and functions by name.

    Returns:
        The constraint; None for None.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import constraints
        >>> constraints.deserialize(constraints.serialize(constraints.MaxNorm(3))).max_value
        3
    """
    return resolve(config, NAMES, "constraint", custom_objects)


def serialize(constraint: Any) -> Any:
    """A constraint as plain data.

    Args:
        constraint: a constraint, or a registered function.

    Returns:
        A dict of module, class name and config.

    Raises:
        ValueError: for what cannot be saved.

    Example:
        >>> from kmb_core import constraints
        >>> constraints.serialize(constraints.MaxNorm(3))["config"]
        {'max_value': 3, 'axis': 0}
    """
    return serialize_keras_object(constraint)
