"""Plain data back to objects.

Every name in the data is looked up in the registry and nowhere else: nothing is imported, evaluated or unpickled
because a file says so, and a lambda that Keras wrote as bytecode is refused whatever `safe_mode` is. How deep objects
may lie in one another is limited, because each level is a few Python calls.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, convert_to_tensor
from kmb_core.dtypes.arrays import numpy_dtype
from kmb_core.errors import CheckpointError, SecurityError, UnknownObjectError, message
from kmb_core.serialization.context import MAX_DEPTH, state
from kmb_core.serialization.names import described, find_class, find_function, find_type, is_entry, unknown_names
from kmb_core.serialization.registry import CustomObjectScope


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """Make an object from its description as plain data.

    Args:
        config: what `serialize_keras_object` gave, possibly by way of JSON; None, numbers and strings stay as they
            are.
        custom_objects: {name: class or function} beside what is registered.
        safe_mode: taken for compatibility: code in a file never runs, whatever it says.
        **kwargs: `module_objects`, a further dict to look names up in.

    Returns:
        The object.

    Raises:
        UnknownObjectError: for names that are neither built in nor registered; it lists all of them.
        SecurityError: for a lambda.
        CheckpointError: for data that describes no object, or is nested too deep.

    Example:
        >>> import kmb_core
        >>> config = {"class_name": "__slice__", "config": {"start": 0, "stop": 2, "step": None}}
        >>> kmb_core.saving.deserialize_keras_object(config)
        slice(0, 2, None)
    """
    further = kwargs.pop("module_objects", None) or {}
    if kwargs:
        raise TypeError(f"deserialize_keras_object: unexpected arguments {sorted(kwargs)}")
    objects = {**further, **(custom_objects or {})}
    if isinstance(config, str):
        return objects.get(config, config)
    with CustomObjectScope(objects), _outermost(config):
        return _decoded(config)


def deserialized_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A constructor's arguments, with the objects made that are described among them.

    Args:
        config: what `get_config` gave.
        custom_objects: {name: class or function} beside what is registered.

    Returns:
        The arguments by name.
    """
    return {key: deserialize_keras_object(value, custom_objects) for key, value in config.items()}


@contextmanager
def _outermost(config: Any) -> Iterator[None]:
    """Around each call: the outermost forgets shared objects, and lists all unknown names instead of the first."""
    outermost = state.depth == 0
    try:
        yield
    except UnknownObjectError as error:
        unknown = unknown_names(config) if outermost else []
        if len(unknown) > 1:
            raise _unknown(unknown) from error
        raise
    finally:
        if outermost:
            state.shared.clear()


def _decoded(config: Any) -> Any:
    if config is None or isinstance(config, (bool, int, float, str)):
        return config
    state.depth += 1
    try:
        if state.depth > MAX_DEPTH:
            raise CheckpointError(message(f"deserialize_keras_object: data nested deeper than {MAX_DEPTH} levels"))
        if isinstance(config, (list, tuple)):
            return [_decoded(item) for item in config]
        if not isinstance(config, Mapping):
            return config  # an object already
        if not is_entry(config):
            return {key: _decoded(value) for key, value in config.items()}
        return _decoded_entry(config)
    finally:
        state.depth -= 1


def _decoded_entry(entry: Mapping[str, Any]) -> Any:
    class_name, config = entry["class_name"], entry["config"]
    if class_name in _VALUES:
        return _decoded_value(class_name, config)
    if class_name == "__lambda__":
        raise _lambda_refused()
    if class_name == "function":
        return _found(find_function(entry), entry)
    if class_name == "type":
        return _found(find_type(entry), entry)
    shared = (entry.get("shared_object_id"), entry.get("module"), class_name)
    if shared[0] is not None and shared in state.shared:
        return state.shared[shared]
    made = _made(_found(find_class(entry), entry), entry)
    if shared[0] is not None:
        state.shared[shared] = made
    return made


def _found(found: Any, entry: Mapping[str, Any]) -> Any:
    if found is None:
        raise _unknown([described(entry)])
    return found


def _made(cls: Any, entry: Mapping[str, Any]) -> Any:
    config, name = entry["config"], described(entry)
    if not isinstance(cls, type) or not hasattr(cls, "from_config"):
        raise CheckpointError(message(f"deserialize_keras_object: {name} is no class with from_config"))
    if not isinstance(config, Mapping):
        what = f"deserialize_keras_object: the config of {name} is no dict but {type(config).__name__}"
        raise CheckpointError(message(what, "The file is damaged or was written by hand."))
    try:
        made = cls.from_config(dict(config))
        _finish(made, entry)
    except Exception as error:
        error.add_note(f"while making {name} {_own_name(config)}".rstrip())
        raise
    return made


def _own_name(config: Mapping[str, Any]) -> str:
    return repr(config["name"]) if isinstance(config.get("name"), str) else ""


def _finish(made: Any, entry: Mapping[str, Any]) -> None:
    """Build and compile what was saved built and compiled."""
    build, compiled = entry.get("build_config"), entry.get("compile_config")
    if build and hasattr(made, "build_from_config"):
        made.build_from_config(build)
    if compiled and state.compile and hasattr(made, "compile_from_config"):
        made.compile_from_config(compiled)


# Values ----------------------------------------------------------------------------------------------------------


def _decoded_value(class_name: str, config: Any) -> Any:
    try:
        return _VALUES[class_name](config)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"deserialize_keras_object: {class_name} with a config that does not fit: {config!r:.60}"
        raise CheckpointError(message(what, f"{type(error).__name__}: {error}")) from error


def _slice(config: Mapping[str, Any]) -> slice:
    return slice(*(_decoded(config[key]) for key in ("start", "stop", "step")))


def _array(config: Mapping[str, Any]) -> np.ndarray:
    return np.array(config["value"], dtype=numpy_dtype(config["dtype"]))


def _keras_tensor(config: Mapping[str, Any]) -> KerasTensor:
    """A symbolic tensor without its history: only the graph that it stands in can tell that."""
    return KerasTensor(config["shape"], dtype=config["dtype"])


_VALUES: dict[str, Callable[[Any], Any]] = {
    "__bytes__": lambda config: config["value"].encode("utf-8", "surrogateescape"),
    "__ellipsis__": lambda config: ...,
    "__keras_tensor__": _keras_tensor,
    "__numpy__": _array,
    "__slice__": _slice,
    "__tensor__": lambda config: convert_to_tensor(_array(config), config["dtype"]),
}


# Refusals --------------------------------------------------------------------------------------------------------


def _lambda_refused() -> SecurityError:
    what = "deserialize_keras_object: the file holds the bytecode of a lambda, which is never run"
    cause = "Keras stores lambdas as marshalled code; loading one would run whatever the file's author wrote."
    remedy = "Replace it where the model is made by a named function under @saving.register_keras_serializable()."
    return SecurityError(message(what, cause, remedy))


def _unknown(names: list[str]) -> UnknownObjectError:
    what = f"deserialize_keras_object: neither built in nor registered: {', '.join(names)}"
    cause = "A file runs no code and imports nothing, so it can only name what this process knows."
    remedy = (
        "Before loading, put @kmb_core.saving.register_keras_serializable() on the class or function, "
        "or pass custom_objects={name: class}."
    )
    return UnknownObjectError(message(what, cause, remedy))
