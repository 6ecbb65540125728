"""How names in files find the public namespaces, without an import that points upward.

The package's own `__init__` is imported before anything else and puts one resolver for each namespace here.
"""

from collections.abc import Callable
from typing import Any

RESOLVERS: dict[str, Callable[[str], Any]] = {}
