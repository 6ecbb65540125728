"""Rows of `ops.guarded`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, apart, fixed, numbers, positive

TABLE = Table()


def divide_no_nan(x1, x2):
    """Zero where the divisor is."""
    return np.where(x2 == 0, 0.0, np.true_divide(x1, np.where(x2 == 0, 1, x2)))


EXTREMES = {"fmax": np.fmax, "fmin": np.fmin}
SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -1.0]

TABLE.add("divide_no_nan", divide_no_nan, numbers(2, 3), positive(3), gradients=True)
TABLE.add("divide_no_nan", divide_no_nan, fixed([1.0, -1.0, 0.0]), fixed([0.0, 2.0, 0.0]), dtypes=NUMBERS)
TABLE.add("divide_no_nan", divide_no_nan, numbers(0, 2), numbers())
TABLE.add("fabs", np.fabs, apart(2, 3, low=-0.1), dtypes=NUMBERS, gradients=True)
TABLE.add("fabs", np.fabs, fixed([0.0, np.inf, -np.inf, np.nan]), finite=False)
TABLE.add_all(EXTREMES, apart(2, 3), numbers(2, 1), dtypes=ANY, gradients=True)
TABLE.add_all(EXTREMES, fixed(SPECIAL), fixed([[0.0], [np.inf], [np.nan]]), finite=False)
TABLE.add_all(EXTREMES, numbers(0, 2), numbers())
TABLE.add("fmod", np.fmod, fixed([7.3, -7.3, 5.1, -5.1]), fixed([2.0, 2.0, -1.5, -1.5]), dtypes=NUMBERS)
TABLE.add("fmod", np.fmod, fixed([[7.0], [-7.0], [0.0]]), fixed([2.0, -2.0, 3.0]), dtypes=NUMBERS)
TABLE.add("fmod", np.fmod, fixed([0.7, -0.7]), fixed([0.5, 0.5]), gradients=True)
TABLE.add("fmod", np.fmod, fixed([7, -7], "int32"), fixed([0, 0], "int32"), dtypes=("int32",))
TABLE.add("fmod", np.fmod, numbers(0, 2), positive())
TABLE.add("heaviside", np.heaviside, fixed([-2.0, 0.0, 3.0]), fixed([[0.5], [2.0]]), dtypes=NUMBERS)
TABLE.add("heaviside", np.heaviside, fixed([-1.0, 2.0]), numbers(2), gradients=True)
TABLE.add("heaviside", np.heaviside, fixed([np.inf, -np.inf, np.nan]), numbers(), finite=False)
