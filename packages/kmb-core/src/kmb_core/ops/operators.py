"""Imports the families behind Python's operators, so that `x + y` works on variables and symbolic tensors.

The public names `Variable` and `KerasTensor` are taken from here.
"""

from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.variable import Variable
from kmb_core.ops import arithmetic, comparison, creation, indexing, linalg, manipulation

__all__ = ["KerasTensor", "Variable", "arithmetic", "comparison", "creation", "indexing", "linalg", "manipulation"]
