"""Rows of `ops.functions`: elementary and special functions."""

import math
from statistics import NormalDist

import numpy as np

from kmb_core.conformance.row import Table, fixed, numbers, positive

TABLE = Table()


def erfinv(x):
    """The inverse of erf, by that of the normal distribution function."""
    quantile = np.vectorize(lambda p: NormalDist().inv_cdf(p), otypes=["float64"])
    inside = quantile(np.clip((x + 1) / 2, 1e-300, 1 - 1e-16)) / math.sqrt(2)
    return np.where(np.abs(x) == 1, np.copysign(np.inf, x), inside)


def rsqrt(x):
    """1 over the root."""
    return 1 / np.sqrt(x)


EVERYWHERE = {
    "exp": np.exp,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "arctan": np.arctan,
    "arcsinh": np.arcsinh,
    "erf": np.vectorize(math.erf, otypes=["float64"]),
    "erfc": np.vectorize(math.erfc, otypes=["float64"]),
}
POSITIVE = {"sqrt": np.sqrt, "rsqrt": rsqrt, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p}
INSIDE = {"arcsin": np.arcsin, "arccos": np.arccos, "arctanh": np.arctanh, "tan": np.tan, "erfinv": erfinv}

TABLE.add_all(EVERYWHERE, numbers(2, 3), gradients=True, tolerance=2e-6)
TABLE.add_all(EVERYWHERE, numbers(), gradients=True, tolerance=2e-6)
TABLE.add_all(EVERYWHERE, fixed([0.0, 1.0, -1.0]), dtypes=("int32",), tolerance=2e-6)
TABLE.add_all(EVERYWHERE, numbers(0, 3))
TABLE.add_all(EVERYWHERE, numbers(8, low=-6.0, high=6.0), tolerance=4e-6, low_tolerance=0.1)
TABLE.add_all(EVERYWHERE, fixed([np.nan]), finite=False)
for name in ("exp", "tanh", "arctan", "erf", "erfc"):
    TABLE.add(name, EVERYWHERE[name], fixed([np.inf, -np.inf]), finite=False)
TABLE.add("expm1", np.expm1, fixed([1e-7, -1e-7, 1e-4]), tolerance=1e-11)

TABLE.add_all(POSITIVE, positive(2, 3), gradients=True, tolerance=2e-6)
TABLE.add_all(POSITIVE, positive(), gradients=True, tolerance=2e-6)
TABLE.add_all(POSITIVE, fixed([1.0, 2.0, 8.0]), dtypes=("int32",), tolerance=2e-6)
TABLE.add_all(POSITIVE, positive(2, 0))
TABLE.add_all(POSITIVE, fixed([0.0, np.inf, -2.0, np.nan]), finite=False)
TABLE.add("log1p", np.log1p, fixed([1e-7, -1e-7, 1e-4]), tolerance=1e-11)

TABLE.add_all(INSIDE, numbers(2, 3, low=-0.9, high=0.9), gradients=True, tolerance=3e-6, low_tolerance=0.1)
TABLE.add_all(INSIDE, numbers(low=-0.9, high=0.9), gradients=True, tolerance=3e-6, low_tolerance=0.1)
TABLE.add_all(INSIDE, numbers(0, 3), tolerance=2e-6)
TABLE.add("erfinv", erfinv, fixed([-1.0, 1.0, 0.0]), finite=False)
TABLE.add("arccosh", np.arccosh, numbers(2, 3, low=1.2, high=4.0), gradients=True, tolerance=3e-6)
TABLE.add("arccosh", np.arccosh, fixed([1.0, np.inf, 0.5]), finite=False)

TABLE.add("arctan2", np.arctan2, numbers(2, 3), positive(3), gradients=True, tolerance=2e-6)
TABLE.add("arctan2", np.arctan2, fixed([1.0, -1.0, 0.0, 1.0]), fixed([-1.0, -1.0, -1.0, 0.0]), tolerance=2e-6)
TABLE.add("logaddexp", np.logaddexp, numbers(2, 3), numbers(3), gradients=True, tolerance=2e-6)
TABLE.add("logaddexp", np.logaddexp, fixed([100.0, -np.inf, -np.inf]), fixed([-100.0, 1.0, -np.inf]), finite=False)
