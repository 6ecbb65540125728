"""A short name for an architecture: the same for two models that compute the same way, whatever they are called.

What does not change how long a model takes is left out: names, the arguments of `compile`, initial values.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_LEFT_OUT = frozenset({"compile_config", "name", "registered_name", "shared_object_id", "module"})


def fingerprint(config: Mapping[str, Any]) -> str:
    """The fingerprint of a described model.

    Args:
        config: what `model_to_dict` gives, or `config.json` of a `.keras` file holds.

    Returns:
        32 hexadecimal digits.

    Example:
        >>> import kmb_core
        >>> from kmb_core.saving import model_to_dict
        >>> def model(units, name):
        ...     return kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(units, name=name)])
        >>> one, other, wider = (fingerprint(model_to_dict(model(*a))) for a in ((3, "a"), (3, "b"), (4, "a")))
        >>> one == other, one == wider
        (True, False)
    """
    names: dict[str, int] = {}
    _collect(config, names)
    text = json.dumps(_plain(config, names), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_policy(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("class_name", "")).endswith("DTypePolicy")


def _collect(value: Any, names: dict[str, int]) -> None:
    """Number the objects' names in the order in which they stand in the description."""
    if isinstance(value, Mapping):
        config = value.get("config")
        name = config.get("name") if "class_name" in value and isinstance(config, Mapping) else None
        if isinstance(name, str) and not _is_policy(value):
            names.setdefault(name, len(names))
        for item in value.values():
            _collect(item, names)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, names)


def _plain(value: Any, names: dict[str, int]) -> Any:
    if isinstance(value, Mapping):
        if _is_policy(value):
            return value["config"]
        kept = {key: item for key, item in value.items() if key not in _LEFT_OUT and not key.endswith("_initializer")}
        return {key: _plain(item, names) for key, item in kept.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, names) for item in value]
    return f"#{names[value]}" if isinstance(value, str) and value in names else value
