"""Rows of `ops.saturation`; all pairs of dtypes are in the core's tests."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, fixed, numbers

TABLE = Table()


def saturate_cast(x, dtype):
    """Limited first; NumPy is told the dtype's range by itself."""
    if dtype == "bool":
        return x > 0
    limits = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    return np.clip(np.asarray(x, "float64"), float(limits.min), float(limits.max)).astype(dtype)


for dtype in ("bool", "int8", "uint8", "int16", "uint16", "int32", "float16", "float32"):
    exact = {"low_tolerance": 1e-2 if "float" in dtype else 0.0}
    TABLE.add(
        "saturate_cast", saturate_cast, fixed([-300.5, -1.0, 0.0, 0.75, 254.0, 300.0]), dtype, dtypes=ANY, **exact
    )
TABLE.add("saturate_cast", saturate_cast, numbers(2, 0), "uint8", dtypes=ANY)
TABLE.add("saturate_cast", saturate_cast, numbers(2, 3), dtype="float32")
BEYOND = fixed([-np.inf, -1e20, 1e20, np.inf])
TABLE.add("saturate_cast", saturate_cast, BEYOND, "int8", dtypes=("float32", "float64"))
TABLE.add("saturate_cast", saturate_cast, BEYOND, "float16", dtypes=("float32",))
TABLE.add("saturate_cast", lambda x, dtype: np.array([0, 1]), fixed([np.nan, 1.5]), "int32", finite=False)
