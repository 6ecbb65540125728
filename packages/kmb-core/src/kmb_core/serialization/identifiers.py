"""What a layer is given for an activation, a regularizer or a constraint: a name, class or config, or the thing itself.

A config can only name what is built in or registered; of the built-in classes of other kinds, only those of modules
that the caller allows.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from kmb_core.errors import message
from kmb_core.serialization.registry import built_in, get_registered_object


def resolve(
    identifier: Any,
    names: Mapping[str, Any],
    kind: str,
    custom_objects: Mapping[str, Any] | None = None,
    modules: Collection[str] = (),
) -> Any:
    """The object that an identifier stands for; classes are instantiated, functions are not called.

    Args:
        identifier: a name, a class, a config as `serialize_keras_object` writes it, a callable, or None.
        names: the built-in classes or functions of this kind.
        kind: what is looked for, for messages.
        custom_objects: further classes and functions; they come first, then those that are registered.
        modules: modules of built-in classes that a config may name too ("keras.layers").

    Returns:
        The object; None for None.

    Raises:
        ValueError: where the identifier stands for nothing that is known.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        return _made(_named(identifier, names, kind, custom_objects), None)
    if isinstance(identifier, Mapping):
        return _from_config(identifier, names, kind, custom_objects, modules)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise _unknown(identifier, names, kind)


def _from_config(
    config: Mapping[str, Any],
    names: Mapping[str, Any],
    kind: str,
    custom_objects: Mapping[str, Any] | None,
    modules: Collection[str],
) -> Any:
    arguments, class_name = config.get("config"), config.get("class_name")
    found = _named(config.get("registered_name"), {}, kind, custom_objects, None)
    if class_name == "function":
        return found or _named(arguments, names, kind, custom_objects)
    if found is None and config.get("module") in modules:
        found = built_in(config["module"], str(class_name))
    return _made(found or _named(class_name, names, kind, custom_objects), arguments)


def _named(
    name: Any, names: Mapping[str, Any], kind: str, custom_objects: Mapping[str, Any] | None, default: Any = ...
) -> Any:
    found = get_registered_object(name, dict(custom_objects or {}), dict(names)) if isinstance(name, str) else None
    if found is None and default is ...:
        raise _unknown(name, names, kind)
    return found


def _made(found: Any, config: Any) -> Any:
    if not isinstance(found, type):
        return found
    return found.from_config(config) if config and hasattr(found, "from_config") else found(**(config or {}))


def _unknown(identifier: Any, names: Mapping[str, Any], kind: str) -> ValueError:
    known = ", ".join(sorted(name for name in names if name.islower()))
    what = f"Unknown {kind}: expected a name, a config or a callable, got {identifier!r:.60}."
    cause = "One of your own has to be registered, or given in custom_objects."
    return ValueError(message(what, cause, f"{_meant(identifier, names)}Known: {known}."))


def _meant(identifier: Any, names: Mapping[str, Any]) -> str:
    """The names that are written much like one that nobody knows."""
    named = identifier.get("class_name") if isinstance(identifier, Mapping) else identifier
    close = get_close_matches(named, names) if isinstance(named, str) else []
    return f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
