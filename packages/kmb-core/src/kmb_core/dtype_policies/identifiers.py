"""Policies from names, dtypes and saved configs, and back; and the policy of the process."""

from functools import cache
from typing import Any

from kmb_core.dtype_policies.policy import DTypePolicy, FloatDTypePolicy
from kmb_core.dtype_policies.quantized import (
    AWQDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)
from kmb_core.dtypes import floatx, standardize_dtype
from kmb_core.errors import DTypeError, message
from kmb_core.serialization import get_registered_object, identity_of, saved_as
from kmb_core.settings.store import settings

# What a file may name. `dtype_policies/__init__.py` adds the map, which stands on this module.
classes: dict[str, type[DTypePolicy]] = {
    cls.__name__: cls
    for cls in (
        DTypePolicy,
        FloatDTypePolicy,
        QuantizedDTypePolicy,
        QuantizedFloat8DTypePolicy,
        Int4DTypePolicy,
        GPTQDTypePolicy,
        AWQDTypePolicy,
    )
}
for _cls in classes.values():
    saved_as(_cls.module)(_cls)
_plain = cache(DTypePolicy)


def current_policy() -> DTypePolicy:
    """Return the policy of layers that are given none: `config.dtype_policy()`.

    Example:
        >>> current_policy().name
        'float32'
    """
    policy = settings.dtype_policy
    return _plain(floatx()) if policy is None else policy  # not `or`: an empty map is false


def set_current_policy(policy: DTypePolicy | str) -> None:
    """Set the policy of layers that are given none: `config.set_dtype_policy()`.

    Args:
        policy: a policy or its name.

    Raises:
        DTypeError: where it is neither.
    """
    if policy is None:
        raise DTypeError("set_dtype_policy: expected a policy or its name, such as 'mixed_bfloat16'; got None.")
    settings.dtype_policy = get(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy that something stands for.

    Args:
        identifier: a policy, a name ("mixed_float16", "int8_from_float32"), a dtype, a saved config, or None for
            the policy of the process.

    Raises:
        DTypeError: where it stands for none.

    Example:
        >>> get("int8_from_float32").quantization_mode
        'int8'
    """
    if identifier is None:
        return current_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return _named(identifier)
    return _plain(standardize_dtype(identifier))


def _named(name: str) -> DTypePolicy:
    mode, separator, source = name.partition("_from_")
    return _quantized(mode, source) if separator else _plain(name)


def _quantized(mode: str, source: str) -> DTypePolicy:
    family, separator, _ = mode.partition("/")
    if family == "int4" and separator:
        return Int4DTypePolicy(mode, source)
    families = {"float8": QuantizedFloat8DTypePolicy, "gptq": GPTQDTypePolicy, "awq": AWQDTypePolicy}
    return families.get(family, QuantizedDTypePolicy)(mode, source)


def serialize(dtype_policy: Any) -> Any:
    """Return the form in which files hold a policy; anything else is returned as it is.

    Example:
        >>> serialize(DTypePolicy("float16"))["config"]
        {'name': 'float16'}
    """
    if not isinstance(dtype_policy, DTypePolicy):
        return dtype_policy
    module, class_name, registered = identity_of(type(dtype_policy))
    config = dtype_policy.get_config()
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a policy from its saved form.

    Args:
        config: what `serialize` gave; a policy or None is returned as it is, a string is a policy's name.
        custom_objects: further classes by name.

    Returns:
        A policy, or None.

    Raises:
        DTypeError: where the form names no known policy.
    """
    if config is None or isinstance(config, DTypePolicy):
        return config
    if isinstance(config, str):
        return get(config)
    known = {**classes, **(custom_objects or {})}
    names = [config.get("registered_name"), config.get("class_name")] if isinstance(config, dict) else []
    for name in (name for name in names if isinstance(name, str)):
        found = get_registered_object(name, known)
        if found is not None:
            return found.from_config(config.get("config") or {})
    raise DTypeError(message(f"No dtype policy is known for {config!r:.60}.", None, f"Known: {', '.join(known)}."))
