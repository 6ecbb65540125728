"""Rows of `random.draws`: shapes and dtypes. What the numbers have to be like is in `test_random`."""

import numpy as np

from kmb_core.conformance.row import DTYPE, Table, fixed, integers, numbers, positive

TABLE = Table()

UNTRACED = {"compiled": False, "unknown_batch": 0}

for name in ("uniform", "normal", "truncated_normal"):
    TABLE.add(name, None, (2, 3), dtype=DTYPE, seed=1, **UNTRACED)
    TABLE.add(name, None, (0, 3), dtype=DTYPE, seed=1, **UNTRACED)
    TABLE.add(name, None, (), dtype=DTYPE, seed=1, **UNTRACED)
TABLE.add("randint", None, (2, 3), 0, 5, DTYPE, seed=1, dtypes=("int32", "uint8"), **UNTRACED)
TABLE.add("gamma", None, (2, 3), positive(3), dtype=DTYPE, seed=1, **UNTRACED)
TABLE.add("binomial", None, (2, 3), fixed([1.0, 2.0, 5.0]), fixed(0.5), dtype=DTYPE, seed=1, **UNTRACED)
TABLE.add("beta", None, (2, 3), positive(), positive(3), dtype=DTYPE, seed=1, **UNTRACED)
TABLE.add("categorical", None, numbers(2, 3), 4, seed=1, **UNTRACED)
TABLE.add("shuffle", None, integers(4, 2), seed=1, dtypes=("int32",), **UNTRACED)
TABLE.add("dropout", None, numbers(2, 3), 0.5, seed=1, **UNTRACED)
TABLE.add("dropout", lambda x, rate: x, numbers(2, 3), 0.0, **UNTRACED)
TABLE.add("dropout", lambda x, rate: np.zeros_like(x), numbers(2, 3), 1.0, **UNTRACED)
