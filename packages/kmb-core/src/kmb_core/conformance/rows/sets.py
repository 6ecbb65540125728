"""Rows of `ops.sets`."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, fixed, integers

TABLE = Table()


def filled(x, sorted, return_index, return_inverse, return_counts, axis, size):
    """Of four distinct numbers, two times the smallest one more."""
    values, places, inverse, counts = np.unique(x, True, True, True)
    more = size - len(values)
    padded = (np.append(part, part[:1].repeat(more)) for part in (values, places))
    return *padded, inverse, np.append(counts, np.zeros(more, int))


def everything(x, sorted, *flags):
    """NumPy's, which always sorts."""
    return np.unique(x, *flags)


FOUR = fixed([3.0, 1.0, 0.0, 1.0, 2.0])
TABLE.add("unique", np.unique, fixed([[3.0, 1.0], [1.0, 0.0]]), dtypes=ANY, compiled=False)
TABLE.add("unique", everything, FOUR, True, True, True, True, dtypes=ANY, compiled=False)
TABLE.add("unique", np.unique, integers(4, 2, high=2), axis=0, dtypes=("int32",), compiled=False)
TABLE.add("unique", filled, FOUR, True, True, True, True, None, 6)
TABLE.add("unique", np.unique, fixed([np.nan, 1.0, np.nan]), compiled=False)
