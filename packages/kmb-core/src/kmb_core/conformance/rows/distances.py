"""Rows of `ops.distances`."""

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, fixed, numbers
from kmb_core.conformance.rows.complex_numbers import complexes

TABLE = Table()


def cdist(x, y):
    return np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], axis=-1)


SOME = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.2}
TABLE.add("cdist", cdist, numbers(4, 2), numbers(3, 2), dtypes=NUMBERS, unknown_batch=1, **SOME)
TABLE.add("cdist", cdist, numbers(2, 4, 3), numbers(2, 1, 3), **SOME)
TABLE.add("cdist", cdist, numbers(2, 1, 4, 3), numbers(3, 2, 3), unknown_batch=0, **SOME)
TABLE.add("cdist", cdist, fixed([[1000.0, 0.25], [1.0, 2.0]]), fixed([[1000.0, 0.5], [1.0, 2.0]]), unknown_batch=0)
TABLE.add("cdist", cdist, numbers(0, 2), numbers(3, 2), unknown_batch=0)
TABLE.add("cdist", cdist, numbers(2, 0), numbers(3, 0), unknown_batch=0)
TABLE.add("cdist", cdist, complexes(2, 2), complexes(3, 2), dtypes=("float32",), unknown_batch=0)
