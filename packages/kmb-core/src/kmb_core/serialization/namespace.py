"""What `get`, `serialize` and `deserialize` of a package of objects do: names, classes and saved forms to objects.

One `Namespace` stands for the built-in classes and functions of losses, metrics, optimizers or schedules. A saved form is looked
up among its own names, the process' registered objects and those given; nothing is imported because a file says so.
"""

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.errors import message
from kmb_core.serialization.encoding import serialize_keras_object
from kmb_core.serialization.registry import get_registered_object


class Namespace:
    """Built-in objects of one kind by name.

    Args:
        kind: what one is called in messages: "loss".
        module: the module in files: "keras.losses".
        names: every string that means an object; the object is a class or a function.
    """

    def __init__(self, kind: str, module: str, names: Mapping[str, Any]) -> None:
        self.kind = kind
        self.module = module
        self.names = dict(names)

    def get(self, identifier: Any) -> Any:
        """The object for a name, a class, a saved form or an object; None for None."""
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            return self._named(identifier, None)
        if isinstance(identifier, type):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise self._unknown(identifier)

    def deserialize(self, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """The object of a saved form, or of a name."""
        if isinstance(config, str):
            return self._named(config, custom_objects)
        if not isinstance(config, dict) or "class_name" not in config:
            raise self._unknown(config)
        if config["class_name"] == "function":
            return self._function(config, custom_objects)
        cls = self._class(config, custom_objects)
        arguments = dict(config.get("config") or {})
        return cls.from_config(arguments)

    def serialize(self, thing: Any) -> Any:
        """An object as plain data."""
        return serialize_keras_object(thing)

    def _named(self, name: str, custom_objects: dict[str, Any] | None) -> Any:
        found = get_registered_object(name, custom_objects, self.names)
        if found is None:
            found = get_registered_object(f"Custom>{name}")
        if found is None:
            raise self._unknown(name)
        return found() if isinstance(found, type) else found

    def _function(self, config: dict[str, Any], custom_objects: dict[str, Any] | None) -> Callable[..., Any]:
        for name in (config.get("registered_name"), config.get("config")):
            found = get_registered_object(name, custom_objects, self.names) if isinstance(name, str) else None
            if found is not None:
                return found
        raise self._unknown(config.get("config"))

    def _class(self, config: dict[str, Any], custom_objects: dict[str, Any] | None) -> Any:
        for name in (config.get("registered_name"), config["class_name"]):
            found = get_registered_object(name, custom_objects, self.names) if isinstance(name, str) else None
            if isinstance(found, type):
                return found
        raise self._unknown(config["class_name"])

    def _unknown(self, identifier: Any) -> ValueError:
        shown = repr(identifier)
        what = f"{self.module}: no {self.kind} is known as {shown if len(shown) < 60 else shown[:57] + '...'}"
        remedy = f"Register your own with @kmb_core.saving.register_keras_serializable(), or pass the {self.kind} itself."
        if isinstance(identifier, str):
            close = difflib.get_close_matches(identifier, self.names, n=3)
            remedy = f"Did you mean {' or '.join(map(repr, close))}?" if close else remedy
        return ValueError(message(what, None, remedy))
