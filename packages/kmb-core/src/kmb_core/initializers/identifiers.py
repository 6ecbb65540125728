"""Initializers from the names, classes and configs that layers are given."""

import re
from collections.abc import Callable
from typing import Any

from kmb_core.errors import message
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

BUILT_INS = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones, Orthogonal,
    RandomNormal, RandomUniform, STFT, TruncatedNormal, VarianceScaling, Zeros,
)  # fmt: skip


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
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier in NAMES:
        return NAMES[identifier]()
    if isinstance(identifier, dict) and identifier.get("class_name") in NAMES:
        return NAMES[identifier["class_name"]].from_config(identifier.get("config") or {})
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if callable(identifier):
        return identifier
    if hasattr(identifier, "__array__"):
        return Constant(identifier)
    known = ", ".join(name for name in NAMES if name.islower())
    what = f"Unknown initializer: expected a name, an initializer or a function, got {identifier!r:.60}."
    raise ValueError(message(what, None, f"Known names: {known}."))
