"""The namespace `kmb_core.applications`, supplied by whichever package announces it.

Architectures live in a package of their own, so the core holds only this doorway: the entry point `applications` of
group `kmb.namespaces` names the module behind it. Nothing is looked up before the first name is asked for.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from kmb_core import errors

GROUP = "kmb.namespaces"
NAME = "applications"


@cache
def _provider() -> ModuleType:
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
    return found[0].load()


def __getattr__(name: str) -> Any:
    # Python itself probes dunder names (`__wrapped__`, `__path__`); it has to hear AttributeError, installed or not.
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    provider = _provider()
    try:
        return getattr(provider, name)
    except AttributeError:
        supplied = ", ".join(_public(provider)) or "no name yet"
        raise AttributeError(f"kmb_core.{NAME} has no {name!r}: {provider.__name__} supplies {supplied}.") from None


def __dir__() -> list[str]:
    try:
        return _public(_provider())
    except errors.NamespaceNotInstalledError:
        return []  # completion in a notebook is no place for an install hint


def _public(module: ModuleType) -> list[str]:
    return sorted(getattr(module, "__all__", None) or (name for name in vars(module) if not name.startswith("_")))
