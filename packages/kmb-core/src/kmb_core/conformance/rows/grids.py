"""Rows of `ops.grids`."""

import numpy as np

from kmb_core.conformance.row import FLOATS, Table, fixed, integers, numbers

TABLE = Table()

for order in ("xy", "ij"):
    TABLE.add("meshgrid", np.meshgrid, numbers(2), integers(3), numbers(4), indexing=order, gradients=True)
    TABLE.add("meshgrid", np.meshgrid, numbers(3), indexing=order)
STEPS = {"tolerance": 1e-5, "low_tolerance": 0.4}
TABLE.add("geomspace", np.geomspace, fixed(1.0), fixed(16.0), 5, gradients=True, **STEPS)
TABLE.add(
    "geomspace", np.geomspace, fixed([-1.0, 2.0]), fixed([-8.0, 16.0]), 4, False, axis=-1, unknown_batch=0, **STEPS
)
TABLE.add("geomspace", np.geomspace, fixed(1.0), fixed(9.0), 0)
TABLE.add("logspace", np.logspace, fixed(0.0), fixed(1.0), 4, gradients=True, **STEPS)
TABLE.add("logspace", np.logspace, fixed([0.0, 1.0]), fixed(2.0), 3, base=2.0, axis=1, unknown_batch=0, **STEPS)
TABLE.add("logspace", np.logspace, fixed(0.0), fixed(3.0), 4, True, 2, "int32", dtypes=FLOATS)
TABLE.add("unravel_index", np.unravel_index, integers(2, 3, high=24), (2, 3, 4), dtypes=("int32",))
TABLE.add("unravel_index", np.unravel_index, integers(high=5), (5,), dtypes=("int32",))
