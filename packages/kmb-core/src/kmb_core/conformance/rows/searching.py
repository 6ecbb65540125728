"""Rows of `ops.searching`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, apart, booleans, fixed, integers, numbers

TABLE = Table()

LIMITS = [-1.0, 0.0, 0.0, 1.0, 2.0]
for side in ("left", "right"):
    TABLE.add("searchsorted", np.searchsorted, fixed(LIMITS), fixed([[0.0, -3.0], [1.0, 9.0]]), side, dtypes=NUMBERS)
    TABLE.add("searchsorted", np.searchsorted, fixed(LIMITS), numbers(0, 2), side)
    TABLE.add("searchsorted", np.searchsorted, numbers(0), numbers(2), side)
TABLE.add("digitize", np.digitize, numbers(2, 3), fixed([-1.0, 0.0, 1.0]), dtypes=NUMBERS)
TABLE.add("digitize", np.digitize, fixed([0.0, 1.0, 0.5]), fixed([1.0, 0.5, 0.0]), dtypes=NUMBERS, unknown_batch=1)
TABLE.add("isin", np.isin, integers(2, 3), integers(2), dtypes=("int32",))
TABLE.add("isin", np.isin, fixed([[1.0, 2.0]]), fixed([2.0, 3.0]), dtypes=ANY, invert=True)
TABLE.add("isin", np.isin, numbers(2, 3), numbers(0), unknown_batch=1)
TABLE.add("argpartition", lambda x, kth, axis=-1: np.argsort(x, axis), apart(2, 4), 2, dtypes=NUMBERS)
TABLE.add("argpartition", lambda x, kth, axis=-1: np.argsort(x, axis), apart(2, 4), -1, None)
TABLE.add("argpartition", lambda x, kth, axis=-1: np.argsort(x, axis), apart(3, 2), 0, axis=0)
TABLE.add("nonzero", np.nonzero, fixed([[0.0, 1.0], [2.0, 0.0]]), dtypes=ANY, compiled=False)
TABLE.add("select", np.select, [booleans(3), booleans(3)], [numbers(3), numbers(3)], 9, dtypes=NUMBERS, gradients=True)
TABLE.add("select", np.select, [booleans(2, 1)], [numbers(3)], 0.0, unknown_batch=0)
TABLE.add("bincount", np.bincount, integers(6), dtypes=("int32",), compiled=False)
TABLE.add("bincount", np.bincount, integers(6), numbers(6), 7, compiled=False)
TABLE.add("bincount", np.bincount, integers(6), integers(6, high=99, dtype="int8"), dtypes=("int32",), compiled=False)
TABLE.add("bincount", np.bincount, integers(0), minlength=3, dtypes=("int32",), compiled=False)


def histogram(x, bins=10, range=None):
    """NumPy's, its counts as floats."""
    counts, limits = np.histogram(x, bins, range)
    return counts.astype("float64"), limits


TABLE.add("histogram", histogram, apart(3, 4), 4, dtypes=("float32", "float64", "int32"), compiled=False)
TABLE.add("histogram", histogram, fixed([0.0, 1.0, 1.0, 5.0]), 4, (0, 2))
TABLE.add("histogram", histogram, fixed([2.0, 2.0]), 2)
TABLE.add("histogram", histogram, numbers(0), 3, unknown_batch=0)
