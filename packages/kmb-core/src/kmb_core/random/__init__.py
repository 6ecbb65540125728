"""Random numbers: ops that draw, seeds as state, and the portable generator (`threefry`).

Names are loaded when used; `__init__.pyi` beside this file lists them for editors and type checkers.
"""

from kmb_core._lazy import lazy_names

_DRAWS = "beta binomial categorical dropout gamma normal randint shuffle truncated_normal uniform"
_NAMES = dict.fromkeys(_DRAWS.split(), f"{__name__}.draws")
_NAMES["SeedGenerator"] = f"{__name__}.seed_generator"

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
