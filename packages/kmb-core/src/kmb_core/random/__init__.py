"""Random numbers: ops that draw, seeds as state, and the portable generator (`threefry`).

Names are loaded when used; `__init__.pyi` beside this file lists them for editors and type checkers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
