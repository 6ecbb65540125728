"""Objects as plain data (what JSON can hold), in the form that Keras writes."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, Variable, convert_to_numpy, is_tensor, standardize_dtype
from kmb_core.errors import message
from kmb_core.serialization.registry import get_registered_name, saved_identity


def serialize_keras_object(obj: Any) -> Any:
    """Describe an object as plain data.

    Args:
        obj: None, numbers, strings, nested lists and dicts, slices, arrays, tensors, dtypes; functions; objects with
            `get_config`.

    Returns:
        What `deserialize_keras_object` turns back into an equal object.

    Raises:
        ValueError: for an object without `get_config`, and for lambdas (a file holds no code).

    Example:
        >>> import kmb_core
        >>> kmb_core.saving.serialize_keras_object(slice(0, 2))["class_name"]
        '__slice__'
    """
    if obj is None or isinstance(obj, (bool, int, str)):
        return obj
    if isinstance(obj, float):
        return float(obj)  # np.float64 is a float too
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, Mapping) and not hasattr(obj, "get_config"):
        return {str(key): serialize_keras_object(value) for key, value in obj.items()}
    return _encode_value(obj) if _is_value(obj) else _encode_object(obj)


_VALUES = (bytes, slice, type(...), np.generic, np.ndarray, np.dtype, KerasTensor, Variable)


def _is_value(obj: Any) -> bool:
    return isinstance(obj, _VALUES) or is_tensor(obj)


def _encode_value(obj: Any) -> Any:
    if isinstance(obj, bytes):
        return _entry("__bytes__", value=obj.decode("utf-8", "surrogateescape"))
    if isinstance(obj, slice):
        return _entry("__slice__", **{k: serialize_keras_object(getattr(obj, k)) for k in ("start", "stop", "step")})
    if obj is ...:
        return _entry("__ellipsis__")
    if isinstance(obj, KerasTensor):
        return _entry("__keras_tensor__", shape=list(obj.shape), dtype=obj.dtype, keras_history=keras_history(obj))
    if isinstance(obj, np.dtype):
        return standardize_dtype(obj)
    if isinstance(obj, np.generic):
        return obj.item()
    kind = "__numpy__" if isinstance(obj, np.ndarray) else "__tensor__"
    array = convert_to_numpy(obj)
    return _entry(kind, value=array.tolist(), dtype=standardize_dtype(array.dtype))


def _entry(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def keras_history(tensor: KerasTensor) -> list[Any] | None:
    """[operation's name, index of its node, index of the output] of a symbolic tensor."""
    if tensor._history is None:
        return None
    operation, node, output = tensor._history
    return [operation.name, node, output]


def _encode_object(obj: Any) -> dict[str, Any]:
    if inspect.isfunction(obj) or inspect.isbuiltin(obj):
        return _encode_function(obj)
    if isinstance(obj, type):
        return _encode_type(obj)
    if not hasattr(obj, "get_config"):
        raise ValueError(f"serialize_keras_object: {type(obj).__name__} has no get_config method: {obj!r}")
    module, name, registered = identity_of(type(obj))
    entry = {"module": module, "class_name": name, "config": _plain(obj.get_config()), "registered_name": registered}
    for key, method in (("build_config", "get_build_config"), ("compile_config", "get_compile_config")):
        config = getattr(obj, method, lambda: None)()
        if config is not None:
            entry[key] = serialize_keras_object(config)
    return entry


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    return {key: serialize_keras_object(value) for key, value in config.items()}


def _encode_type(cls: type) -> dict[str, Any]:
    if cls.__module__ == "builtins":
        return {"module": "builtins", "class_name": "type", "config": cls.__name__, "registered_name": "type"}
    module, name, registered = identity_of(cls)
    return {"module": module, "class_name": "type", "config": name, "registered_name": registered}


def _encode_function(function: Any) -> dict[str, Any]:
    if function.__name__ == "<lambda>":
        what = "a lambda cannot be saved: a file holds no code"
        remedy = "Make it a named function under @kmb_core.saving.register_keras_serializable()."
        raise ValueError(message(what, None, remedy))
    name = get_registered_name(function)
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def identity_of(cls: type) -> tuple[str | None, str, str | None]:
    """(module, class name, registered name) of a class in files; the class may be joined with a native layer class."""
    cls = cls.__dict__.get("__kmb_public__", cls)
    identity = saved_identity(cls)
    if identity is not None:
        return (*identity, None if is_public_module(identity[0]) else identity[1])
    registered = get_registered_name(cls)
    importable = registered == cls.__name__ and cls.__module__ != "__main__"
    return cls.__module__ if importable else None, cls.__name__, registered


def is_public_module(module: str) -> bool:
    """Whether names in this module of Keras are written without a registered name."""
    return module == "keras" or (module.startswith("keras.") and not module.startswith("keras.src."))
