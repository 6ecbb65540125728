"""The public operations, each under the shortest of its names, and the same function in either library."""

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

NAMESPACES = ("ops", "ops.image", "ops.linalg", "ops.nn", "ops.numpy")


def public(library: str, namespace: str) -> list[str]:
    """The names that a library has in one of the namespaces."""
    if importlib.util.find_spec(f"{library}.{namespace}") is None:
        return []
    module = importlib.import_module(f"{library}.{namespace}")
    found = [name for name in dir(module) if not name.startswith("_")]
    return sorted(name for name in found if callable(getattr(module, name)) and not _is_class(getattr(module, name)))


def _is_class(value: Any) -> bool:
    return isinstance(value, type)


@cache
def distinct() -> dict[str, Callable[..., Any]]:
    """kmb's operations, without second names of the same function."""
    found: dict[str, Callable[..., Any]] = {}
    seen: set[int] = set()
    for namespace in NAMESPACES:
        for name in public("kmb_core", namespace):
            function = getattr(importlib.import_module(f"kmb_core.{namespace}"), name)
            if id(function) not in seen:
                seen.add(id(function))
                found[f"{namespace}.{name}".removeprefix("ops.")] = function
    return found


def function_of(library: Any, name: str) -> Callable[..., Any]:
    """The function of a dotted name below a library's `ops`."""
    value = library.ops
    for part in name.split("."):
        value = getattr(value, part)
    return value
