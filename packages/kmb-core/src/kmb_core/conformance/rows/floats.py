"""Rows of `ops.floats`."""

import numpy as np

from kmb_core.conformance.row import ANY, FLOATS, Table, fixed, integers, numbers

TABLE = Table()

SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -0.0, -1.0]
INFINITIES = {"isposinf": np.isposinf, "isneginf": np.isneginf}


def negative(x):
    """NumPy's, of which booleans have none."""
    return np.zeros(x.shape, bool) if x.dtype == bool else np.signbit(x)


def infinite(function):
    """NumPy's, of which booleans have none."""
    return lambda x: np.zeros(x.shape, bool) if x.dtype == bool else function(x)


TABLE.add("signbit", negative, numbers(2, 3), dtypes=(*ANY, "uint8"))
TABLE.add("signbit", np.signbit, fixed([*SPECIAL, np.copysign(np.nan, -1.0)]), finite=False)
TABLE.add("signbit", negative, numbers(0, 2))
for name, oracle in INFINITIES.items():
    TABLE.add(name, infinite(oracle), numbers(2, 3), dtypes=(*ANY, "uint8"))
    TABLE.add(name, oracle, fixed(SPECIAL), finite=False)
TABLE.add("ldexp", np.ldexp, numbers(2, 3), integers(3, low=-5, high=5), gradients=True)
TABLE.add("ldexp", np.ldexp, fixed([0.75, -1.0, 0.0]), integers(2, 1, high=9), dtypes=(*FLOATS, "int32"))
TABLE.add("ldexp", np.ldexp, fixed([2.0**-100, 2.0**100]), fixed([200, -200], "int32"), compiled=False)
TABLE.add("ldexp", np.ldexp, fixed([np.inf, np.nan, 0.0]), fixed([-30, 3, 300], "int32"), finite=False)


def next_single(x1, x2):
    """NumPy's in float32, whatever dtype the oracle is asked in."""
    return np.nextafter(x1.astype("float32"), x2.astype("float32"))


BELOW, ABOVE = [1.0, -1.0, 4.0, -3.0, 2.0], [2.0, -2.0, 1.0, np.inf, 2.0]
TABLE.add("nextafter", next_single, fixed(BELOW), fixed(ABOVE), dtypes=("float32",), tolerance=0.0)
TABLE.add("nextafter", np.nextafter, fixed(BELOW), fixed(ABOVE), dtypes=("float64",), tolerance=0.0)
TABLE.add("nextafter", np.nextafter, fixed([np.nan, 1.0]), fixed([1.0, np.nan]), finite=False)
TABLE.add("nextafter", np.nextafter, numbers(2, 3), numbers(3))
TABLE.add("nextafter", np.nextafter, numbers(0, 3), numbers(3))
