"""The layers as the suite checks them: with which arguments, on which inputs. One module for each kind."""

import importlib
import pkgutil

from kmb_core.conformance.layer_check import LayerCase


def _collected() -> list[LayerCase]:
    found: list[LayerCase] = []
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        if not module.name.endswith(".catalogue"):
            found += importlib.import_module(module.name).CASES.cases
    return found


CASES = _collected()
