"""Rows of `ops.nan_reduction`."""

import warnings

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, apart, fixed

TABLE = Table()

GAPS = [[1.5, np.nan, -0.5], [np.nan, np.nan, np.nan], [0.5, 2.0, np.nan]]


def quiet(function):
    """NumPy's, which warns of lines without a number."""

    def called(*arguments, **keywords):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments, **keywords)

    return called


NAMES = ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd")
REDUCTIONS = {name: quiet(getattr(np, name)) for name in NAMES}
for axis in (None, 0, -1, (0, 1)):
    TABLE.add_all(REDUCTIONS, apart(2, 3), axis, dtypes=NUMBERS, gradients=True, tolerance=3e-6)
    TABLE.add_all(REDUCTIONS, fixed(GAPS), axis, keepdims=True, tolerance=3e-6, finite=False)


def nanargmax(x, axis=None, keepdims=False):
    """-1 where there is no number."""
    found = np.argmax(np.where(np.isnan(x), -np.inf, x), axis=axis, keepdims=keepdims)
    return np.where(np.all(np.isnan(x), axis=axis, keepdims=keepdims), -1, found)


def nanargmin(x, axis=None, keepdims=False):
    """-1 where there is no number."""
    return nanargmax(-x, axis, keepdims)


PLACES = {"nanargmax": nanargmax, "nanargmin": nanargmin}
TOTALS = {"nancumsum": np.nancumsum, "nancumprod": np.nancumprod}
for axis in (None, 0, -1):
    TABLE.add_all(PLACES, apart(2, 3), axis, dtypes=NUMBERS)
    TABLE.add_all(PLACES, fixed(GAPS), axis, keepdims=True)
    TABLE.add_all(TOTALS, fixed(GAPS), axis)
    TABLE.add_all(TOTALS, apart(2, 3), axis, dtypes=NUMBERS, gradients=True, unknown_batch=0 if axis is None else 99)
