"""Constraints: what weights are brought back to after each update."""

from kmb_core.constraints.constraint import Constraint
from kmb_core.constraints.identifiers import deserialize, get, serialize
from kmb_core.constraints.norms import MaxNorm, MinMaxNorm, NonNeg, UnitNorm

# The names in lower case are the classes themselves.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]
