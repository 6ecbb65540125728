"""Namespaces whose names are imported when first used.

Unlike `lazy_loader`, a name that was used once lies in the package's own dict: `ops.add` is then an ordinary attribute,
not a call of `__getattr__` (0.02 µs instead of 1 µs), which counts where an op itself costs 0.5 µs.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# {package: ({name: "module:name"}, names of submodules)}, from which the stubs are written
TABLES: dict[str, tuple[Mapping[str, str], frozenset[str]]] = {}


def lazy_names(
    package: str, names: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """What a package needs to offer names that lie in other modules.

    Args:
        package: the package's name.
        names: where each name lies: "package.module" or, for another name there, "package.module:name".
        submodules: modules below the package that are names too.

    Returns:
        Its `__getattr__`, `__dir__` and `__all__`.
    """
    modules = frozenset(submodules)
    public = sorted({*names, *modules})
    TABLES[package] = (names, modules)

    def __getattr__(name: str) -> Any:
        if name in names:
            module, _, attribute = names[name].partition(":")
            value = getattr(importlib.import_module(module), attribute or name)
        elif name in modules:
            value = importlib.import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return public

    return __getattr__, __dir__, public
