"""Rows of `ops.stacking`."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, numbers

TABLE = Table()

STACKS = {"hstack": np.hstack, "vstack": np.vstack, "dstack": np.dstack}
for shape in ((), (3,), (2, 3), (2, 3, 2)):
    TABLE.add_all(STACKS, [numbers(*shape), numbers(*shape)], dtypes=ANY, gradients=True, unknown_batch=0)
TABLE.add("append", np.append, numbers(2, 3), numbers(2, 3), 1, dtypes=ANY, gradients=True, unknown_batch=0)
TABLE.add("append", np.append, numbers(2, 3), numbers(4), dtypes=ANY, gradients=True)
TABLE.add("append", np.append, numbers(0), numbers())
TABLE.add("array_split", np.array_split, numbers(7, 2), 3, dtypes=ANY, gradients=True)
TABLE.add("array_split", np.array_split, numbers(2, 3), 5, -1)
TABLE.add("array_split", np.array_split, numbers(2, 5), [1, 3], axis=1)
TABLE.add("hsplit", np.hsplit, numbers(2, 4), 2, dtypes=ANY, gradients=True)
TABLE.add("hsplit", np.hsplit, numbers(4), 2, unknown_batch=0)
TABLE.add("vsplit", np.vsplit, numbers(4, 3), 2, dtypes=ANY, gradients=True, unknown_batch=0)
TABLE.add("dsplit", np.dsplit, numbers(2, 1, 5), [2], dtypes=ANY, gradients=True)
