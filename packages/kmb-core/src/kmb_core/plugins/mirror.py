"""How a backend package finds its own module for a family of ops: by the core's file name."""

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from types import ModuleType


def mirrored(package: str) -> Callable[[str], ModuleType | None]:
    """A function from a family ("ops.linalg") to `package`'s module of that name, or None when it has none.

    Example:
        >>> from kmb_core.plugins import mirrored
        >>> mirrored("kmb_core")("ops.no_such_family") is None
        True
    """

    @cache
    def module_of(family: str) -> ModuleType | None:
        name = f"{package}.{family}"
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:  # a parent package is missing
            return None
        return importlib.import_module(name) if found is not None else None

    return module_of
