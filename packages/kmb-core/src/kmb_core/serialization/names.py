"""Which class or function an entry of a file names.

An entry is {"module", "class_name", "config", "registered_name"}. What is registered comes first where the entry has a
registered name, then the built-ins of its module, then custom objects by the bare class name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kmb_core.serialization.registry import built_in, built_in_function, get_registered_object

# Classes that Keras writes under the module of one backend's own variant.
_TORCH_OPTIMIZERS = "keras.src.backend.torch.optimizers.torch_"
_VARIANTS = frozenset({"adadelta", "adagrad", "adam", "adamax", "adamw", "lion", "nadam", "rmsprop", "sgd"})

# Where a class is looked for when an old file gives no module.
_WITHOUT_MODULE = (
    "keras.layers",
    "keras",
    "keras.losses",
    "keras.metrics",
    "keras.optimizers",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
)
_TYPES = {cls.__name__: cls for cls in (bool, bytes, complex, dict, float, int, list, set, str, tuple)}


def is_entry(value: Any) -> bool:
    """Whether a piece of plain data describes an object."""
    return isinstance(value, Mapping) and isinstance(value.get("class_name"), str) and "config" in value


def described(entry: Mapping[str, Any]) -> str:
    """An entry's name, for messages."""
    registered, module = entry.get("registered_name"), entry.get("module")
    if entry["class_name"] in ("function", "type"):
        return f"{entry['class_name']} {entry['config']!r:.60}"
    name = registered if isinstance(registered, str) and ">" in registered else entry["class_name"]
    return f"{module}.{name}" if isinstance(module, str) and ">" not in name else name


def find_class(entry: Mapping[str, Any]) -> Any:
    """The class that an entry names; None when it is not known."""
    name, module, registered = entry["class_name"], entry.get("module"), entry.get("registered_name")
    found = get_registered_object(registered) if isinstance(registered, str) else None
    if found is None and isinstance(module, str):
        found = built_in(canonical_module(module), name)
    if found is None:
        found = get_registered_object(name)
    if found is None and module is None:
        candidates = (built_in(known, name) for known in _WITHOUT_MODULE)
        found = next((c for c in candidates if c is not None), None)
    return found


def find_function(entry: Mapping[str, Any]) -> Any:
    """The function that an entry names; None when it is not known."""
    for name in (entry["config"], entry.get("registered_name")):
        if isinstance(name, str) and name != "function":
            found = get_registered_object(name)
            if callable(found):
                return found
    return built_in_function(entry["config"]) if isinstance(entry["config"], str) else None


def find_type(entry: Mapping[str, Any]) -> Any:
    """The class that an entry of a class itself names; None when it is not known."""
    name = entry["config"]
    if not isinstance(name, str):
        return None
    if entry.get("module") == "builtins":
        return _TYPES.get(name)
    found = find_class({**entry, "class_name": name})
    return found if isinstance(found, type) else None


def canonical_module(module: str) -> str:
    """The module of the public class, for one of a backend's own variants."""
    if module.startswith(_TORCH_OPTIMIZERS) and module.removeprefix(_TORCH_OPTIMIZERS) in _VARIANTS:
        return "keras.optimizers"
    return module


def unknown_names(config: Any) -> list[str]:
    """All that a nested description names and that is not known, each once."""
    return list(dict.fromkeys(described(entry) for entry in _entries(config) if _is_unknown(entry)))


def _entries(config: Any) -> Iterator[Mapping[str, Any]]:
    pending = [config]
    while pending:
        item = pending.pop()
        if is_entry(item) and "registered_name" in item:
            yield item
        if isinstance(item, Mapping):
            pending += reversed(list(item.values()))
        elif isinstance(item, (list, tuple)):
            pending += reversed(item)


def _is_unknown(entry: Mapping[str, Any]) -> bool:
    name, module = entry["class_name"], entry.get("module")
    if name == "function":
        return find_function(entry) is None
    if name == "type":
        return find_type(entry) is None
    if name.startswith("__") or (isinstance(module, str) and module.startswith("keras.src.ops.")):
        return False  # values, and operations, which the graph that they stand in knows
    return find_class(entry) is None
