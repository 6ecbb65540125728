"""Regularizers: penalties on weights that are added to the loss."""

from kmb_core.regularizers.identifiers import deserialize, get, serialize
from kmb_core.regularizers.penalties import L1, L1L2, L2, OrthogonalRegularizer
from kmb_core.regularizers.regularizer import Regularizer

# The names in lower case are the classes themselves.
l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
