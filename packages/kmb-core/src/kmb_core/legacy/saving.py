"""Objects in the plain form of Keras 2: `{"class_name": …, "config": …}`, and functions by their names.

A name is looked up in `custom_objects`, among what is registered, and in `module_objects`; nothing is imported for it.
"""

from collections.abc import Mapping
from typing import Any

from kmb_core.errors import CheckpointError, UnknownObjectError, message
from kmb_core.layers.specialization import public_class
from kmb_core.serialization import custom_object_scope, get_registered_name, get_registered_object

__all__ = ["deserialize_keras_object", "serialize_keras_object"]


def serialize_keras_object(instance: Any) -> Any:
    """An object as `{"class_name": …, "config": …}`, a function as its name.

    Args:
        instance: an object with `get_config`, a function, a class, or None.

    Returns:
        A dict, a name, or None.

    Raises:
        ValueError: for an object without `get_config` and name.

    Example:
        >>> import kmb_core
        >>> kmb_core.legacy.saving.serialize_keras_object(kmb_core.activations.relu)
        'relu'
    """
    if instance is None:
        return None
    if not isinstance(instance, type) and hasattr(instance, "get_config"):
        config = {key: _plain(value) for key, value in instance.get_config().items()}
        return {"class_name": get_registered_name(public_class(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(f"legacy.saving: {instance!r:.60} has no get_config() and is no function")


def _plain(value: Any) -> Any:
    """A value of a config: an object in the same form, anything else as it is."""
    is_object = not isinstance(value, type) and hasattr(value, "get_config")
    return serialize_keras_object(value) if is_object else value


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """An object from what `serialize_keras_object` gave, or a function from its name.

    Args:
        identifier: `{"class_name": …, "config": …}`, a name, or None. The name of a class makes an object of it.
        module_objects: {name: class or function} to look names up in, `vars(kmb_core.layers)` for instance.
        custom_objects: further ones, which come first.
        printable_module_name: what is looked for, for messages.

    Returns:
        The object; None for None.

    Raises:
        UnknownObjectError: for a name that stands for nothing; it is a ValueError.
        CheckpointError: for a dict of another form; likewise.

    Example:
        >>> import kmb_core
        >>> form = {"class_name": "Dense", "config": {"units": 3}}
        >>> names = {"Dense": kmb_core.layers.Dense}
        >>> kmb_core.legacy.saving.deserialize_keras_object(form, names).units
        3
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = _found(identifier, custom_objects, module_objects, printable_module_name)
        return found() if isinstance(found, type) else found
    if callable(identifier) and not isinstance(identifier, Mapping):
        return identifier
    if not isinstance(identifier, Mapping) or not {"class_name", "config"} <= set(identifier):
        what = f"legacy.saving: expected a dict with class_name and config, or a name, got {identifier!r:.60}"
        raise CheckpointError(message(what))
    kind = _found(identifier["class_name"], custom_objects, module_objects, printable_module_name)
    return _made(kind, dict(identifier["config"] or {}), custom_objects)


def _found(name: Any, custom_objects: Any, module_objects: Any, kind: str) -> Any:
    found = (custom_objects or {}).get(name) or get_registered_object(str(name), None, module_objects)
    if found is None:
        what = f"legacy.saving: unknown {kind} {name!r}"
        raise UnknownObjectError(message(what, None, "Give it in custom_objects, or in a custom_object_scope."))
    return found


def _made(kind: Any, config: dict[str, Any], custom_objects: Any) -> Any:
    with custom_object_scope(dict(custom_objects or {})):
        if isinstance(kind, type) and hasattr(kind, "from_config"):
            return kind.from_config(config)
        return kind(**config) if isinstance(kind, type) else kind
