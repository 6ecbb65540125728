"""Rows of `ops.copies`."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, numbers

TABLE = Table()

SAME = {"copy": np.copy, "array": np.array}
TABLE.add_all(SAME, numbers(2, 3), dtypes=ANY, gradients=True)
TABLE.add_all(SAME, numbers(), dtypes=ANY)
TABLE.add_all(SAME, numbers(0, 2))
TABLE.add("array", lambda x, dtype: x.astype(dtype), numbers(3), "int32")
TABLE.add("empty_like", None, numbers(2, 3), dtypes=ANY, finite=False)
TABLE.add("axis_count", lambda x: x.ndim, numbers(2, 3), dtypes=ANY)
TABLE.add("element_count", lambda x: x.size, numbers(2, 3), dtypes=ANY)
TABLE.add("element_count", lambda x: x.size, numbers(0, 3))
