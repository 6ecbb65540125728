"""Rows of `ops.special_functions`."""

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, apart, fixed, numbers, positive

TABLE = Table()

EVERYWHERE = {"exp2": np.exp2, "deg2rad": np.deg2rad, "rad2deg": np.rad2deg, "sinc": np.sinc, "i0": np.i0}
SOME = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1}

TABLE.add_all(EVERYWHERE, apart(2, 3, gap=0.3), **SOME)
TABLE.add_all(EVERYWHERE, numbers(low=0.1), gradients=True, tolerance=3e-6)
TABLE.add_all(EVERYWHERE, fixed([0.0, 1.0, -2.0]), dtypes=NUMBERS, tolerance=3e-6)
TABLE.add_all({k: v for k, v in EVERYWHERE.items() if k != "i0"}, numbers(0, 3))
TABLE.add("i0", lambda x: x, numbers(0, 3))
TABLE.add("i0", np.i0, fixed([-9.0, 8.0, 11.0]), tolerance=3e-6)
TABLE.add("exp2", np.exp2, fixed([np.inf, -np.inf, np.nan, 12.0, -12.0]), tolerance=3e-6, finite=False)
TABLE.add("cbrt", np.cbrt, apart(2, 3, gap=0.3, low=-1.1), **SOME)
TABLE.add("cbrt", np.cbrt, fixed([8.0, -27.0, 0.0]), dtypes=NUMBERS)
TABLE.add("cbrt", np.cbrt, fixed([np.inf, -np.inf, np.nan, 1e30, 1e-30]), finite=False)
TABLE.add("cbrt", np.cbrt, numbers(0, 2))
PAIRS = {"hypot": np.hypot, "logaddexp2": np.logaddexp2}
TABLE.add_all(PAIRS, positive(2, 3), numbers(3), **SOME)
TABLE.add_all(PAIRS, fixed([3.0, 0.0, -5.0]), fixed([[4.0], [0.0]]), dtypes=NUMBERS, tolerance=3e-6)
TABLE.add_all(PAIRS, numbers(0, 2), numbers())
TABLE.add("hypot", np.hypot, fixed([3e30, np.inf, -np.inf, 1e-30]), fixed([4e30, 1.0, 2.0, 1e-30]), finite=False)
TABLE.add("logaddexp2", np.logaddexp2, fixed([100.0, -np.inf, -np.inf]), fixed([-100.0, 1.0, -np.inf]), finite=False)
