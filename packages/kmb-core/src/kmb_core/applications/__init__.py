"""The namespace `kmb_core.applications`, supplied by whichever packages announce it.

Architectures live in packages of their own, so the core holds only this doorway: each entry point `applications` of
group `kmb.namespaces` names a module behind it. Nothing is looked up before the first name is asked for.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from kmb_core import errors

GROUP = "kmb.namespaces"
NAME = "applications"


def list_models() -> list[Any]:
    """All models of the packages that supply this namespace; none is built, and no framework imported.

    Returns:
        What the packages' own `list_models` return: objects with `name`, `input_shape` (of one image), `parameters`,
        `multiply_adds` (for one image) and `throughput` (images per second by backend, as far as measured).

    Raises:
        NamespaceNotInstalledError: where no package supplies it.
    """
    return [model for provider in _providers() if hasattr(provider, "list_models") for model in provider.list_models()]


@cache
def _providers() -> tuple[ModuleType, ...]:
    # Imported here because listing entry points costs 60 modules that `import kmb_core` must not pay for.
    import importlib_metadata

    found = tuple(importlib_metadata.entry_points(group=GROUP, name=NAME))
    if not found:
        raise errors.NamespaceNotInstalledError(
            errors.message(
                f"kmb_core.{NAME}: no installed package supplies this namespace.",
                "The architectures are distributed apart from the core.",
                f"Install them with `pip install kmb-core[{NAME}]`.",
            )
        )
    return tuple([point.load() for point in found])


def __getattr__(name: str) -> Any:
    # Python itself probes dunder names (`__wrapped__`, `__path__`); it has to hear AttributeError, installed or not.
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    providers = _providers()
    for provider in providers:
        if hasattr(provider, name):
            return getattr(provider, name)
    whose = " and ".join(provider.__name__ for provider in providers)
    raise AttributeError(f"kmb_core.{NAME} has no {name!r}: {whose} supplies {', '.join(__dir__()) or 'no name yet'}.")


def __dir__() -> list[str]:
    try:
        return sorted({name for provider in _providers() for name in _public(provider)})
    except errors.NamespaceNotInstalledError:
        return []  # completion in a notebook is no place for an install hint


def _public(module: ModuleType) -> list[str]:
    return list(getattr(module, "__all__", None) or (name for name in vars(module) if not name.startswith("_")))
