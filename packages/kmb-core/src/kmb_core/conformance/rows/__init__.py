"""The rows of all ops. Each op has at least one; a guard of the core's tests holds that."""

import importlib
import pkgutil

from kmb_core.conformance.row import Row


def _collected() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for op, rows in importlib.import_module(module.name).TABLE.rows.items():
            found.setdefault(op, []).extend(rows)
    return found


ROWS = _collected()
