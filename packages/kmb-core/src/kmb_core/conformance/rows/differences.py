"""Rows of `ops.differences`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, apart, fixed, numbers

TABLE = Table()

SOME = {"tolerance": 3e-6, "low_tolerance": 0.1}

TABLE.add("allclose", np.allclose, numbers(2, 3), numbers(3))
TABLE.add("allclose", np.allclose, fixed([1.0, np.inf]), fixed([1.0, np.inf]))
TABLE.add("allclose", np.allclose, fixed([1.0, np.nan]), fixed([1.0, np.nan]), equal_nan=True)
TABLE.add("ptp", np.ptp, apart(2, 3), dtypes=NUMBERS, gradients=True)
TABLE.add("ptp", np.ptp, apart(2, 3, 2), (0, -1), keepdims=True)
TABLE.add("diff", np.diff, numbers(2, 4), dtypes=ANY, gradients=True)
TABLE.add("diff", np.diff, numbers(2, 4), 2, -1, low_tolerance=0.1)
TABLE.add("diff", np.diff, numbers(3, 2), 5, 0, unknown_batch=0)
TABLE.add("trapezoid", np.trapezoid, numbers(2, 4), dtypes=NUMBERS, gradients=True, **SOME)
TABLE.add("trapezoid", np.trapezoid, numbers(2, 3, 2), None, 0.5, 1, gradients=True, **SOME)
TABLE.add("trapezoid", np.trapezoid, numbers(2, 3, 2), apart(3), axis=1, gradients=True, unknown_batch=1, **SOME)
TABLE.add("trapezoid", np.trapezoid, numbers(2, 3), apart(2, 3), gradients=True, **SOME)
for mode in ("valid", "same", "full"):
    TABLE.add("correlate", np.correlate, numbers(6), numbers(3), mode, gradients=True, **SOME)
    TABLE.add("correlate", np.correlate, numbers(2), numbers(5), mode, gradients=True, **SOME)
    TABLE.add("correlate", np.correlate, numbers(4), numbers(4), mode, **SOME)
