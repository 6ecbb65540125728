"""Rows of `ops.norms`."""

import math

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, numbers, positive

TABLE = Table()

EVERY = {"dtypes": NUMBERS, "gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1}
SOME = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1}


def norm(x, ord=None, axis=None, keepdims=False):
    """NumPy's, of which the axis None of a higher rank is a vector's."""
    return np.linalg.norm(x, ord, axis, keepdims)


TABLE.add("norm", norm, numbers(2, 3), **EVERY)
TABLE.add("norm", norm, numbers(2, 3, 2), keepdims=True, **SOME)
for order in (None, 0, 1, 2, 3, -1, math.inf, -math.inf):
    TABLE.add("norm", norm, positive(2, 3), order, axis=-1, **SOME)
for order in ("fro", 1, -1, math.inf, -math.inf):
    TABLE.add("norm", norm, numbers(2, 3, 2), order, axis=(0, 2), keepdims=True, **SOME)
for order in (2, -2, "nuc"):
    TABLE.add("norm", norm, numbers(2, 3), order, **SOME)
    TABLE.add("norm", norm, numbers(3, 2, 4), order, axis=(2, 0), keepdims=True, **SOME)
