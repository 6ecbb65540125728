"""Rows of `ops.quantiles`."""

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, apart, fixed
from kmb_core.conformance.rows.nan_reduction import GAPS, quiet

TABLE = Table()

SOME = {"tolerance": 3e-6, "low_tolerance": 0.1}
KNOWN = {"unknown_batch": 0, **SOME}
MEDIANS = {"median": np.median, "nanmedian": quiet(np.nanmedian)}
for axis in (None, 0, -1, (0, 2)):
    TABLE.add_all(MEDIANS, apart(2, 3, 4), axis, dtypes=NUMBERS, gradients=True, **SOME)
    TABLE.add_all(MEDIANS, apart(2, 3, 4), axis, keepdims=True, **SOME)
TABLE.add_all(MEDIANS, fixed(GAPS), 1, finite=False)

QUANTILES = {"quantile": np.quantile, "nanquantile": np.nanquantile}
PERCENTILES = {"percentile": np.percentile, "nanpercentile": np.nanpercentile}
for method in ("linear", "lower", "higher", "midpoint", "nearest"):
    TABLE.add_all(QUANTILES, apart(2, 5), 0.25, 1, method=method, gradients=method != "nearest", **SOME)
    TABLE.add_all(QUANTILES, apart(2, 5), fixed([0.0, 0.5, 1.0], "float32"), 1, method=method, keepdims=True, **KNOWN)
TABLE.add_all(PERCENTILES, apart(2, 5), fixed([25.0, 100.0], "float32"), dtypes=NUMBERS, **KNOWN)
TABLE.add("quantile", np.quantile, fixed(GAPS), fixed(0.5, "float32"), 1, finite=False, **SOME)
TABLE.add("nanquantile", quiet(np.nanquantile), fixed(GAPS), fixed(0.25, "float32"), 1, finite=False, **SOME)
