"""Rows of `ops.windows`."""

import numpy as np

from kmb_core.conformance.row import Table

TABLE = Table()

WINDOWS = {"bartlett": np.bartlett, "blackman": np.blackman, "hamming": np.hamming, "hanning": np.hanning}

for length in (0, 1, 2, 7):
    TABLE.add_all(WINDOWS, length, dtypes=("float32",))
    TABLE.add("kaiser", np.kaiser, length, 8.6, dtypes=("float32",))
TABLE.add("kaiser", np.kaiser, 4, 0, dtypes=("float32",))
