"""Initializers from the names, classes and configs that layers are given."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.initializers.constants import STFT, Constant, Identity, Ones, Zeros
from kmb_core.initializers.distributions import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from kmb_core.initializers.initializer import Initializer
from kmb_core.initializers.variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from kmb_core.serialization import saved_as, serialize_keras_object
from kmb_core.serialization.identifiers import resolve

BUILT_INS = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones, Orthogonal,
    RandomNormal, RandomUniform, STFT, TruncatedNormal, VarianceScaling, Zeros,
)  # fmt: skip

for _cls in BUILT_INS:
    saved_as("keras.initializers")(_cls)
saved_as("keras")(Initializer)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


# Every string that means an initializer: class names, snake case, and the older short and long names.
NAMES: dict[str, type[Initializer]] = {
    **{cls.__name__: cls for cls in BUILT_INS},
    **{_snake_case(cls.__name__): cls for cls in BUILT_INS},
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "one": Ones,
    "zero": Zeros,
}


def get(identifier: Any) -> Initializer | Callable[..., Any] | None:
    """Return the initializer that something stands for.

    Args:
        identifier: an initializer, a name ("glorot_uniform"), a class, a saved config, a function of shape and
            dtype, an array (its values), or None, which is returned.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> type(get("he_normal")).__name__
        'HeNormal'
    """
    if identifier is None or isinstance(identifier, (str, Mapping)) or callable(identifier):
        return resolve(identifier, NAMES, "initializer")
    if hasattr(identifier, "__array__"):
        return Constant(identifier)
    return resolve(identifier, NAMES, "initializer")  # which says what is known


def deserialize(
    config: Any, custom_objects: Mapping[str, Any] | None = None
) -> Initializer | Callable[..., Any] | None:
    """Return the initializer that a saved form stands for.

    Args:
        config: what `serialize` gave.
        custom_objects: further classes and functions by name.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> deserialize(serialize(Constant(2.0))).value
        2.0
    """
    return resolve(config, NAMES, "initializer", custom_objects)


def serialize(initializer: Any) -> Any:
    """Return an initializer as plain data.

    Example:
        >>> serialize(Constant(2.0))["config"]
        {'value': 2.0}
    """
    return serialize_keras_object(initializer)
