"""Rows of `ops.comparison`."""

import numpy as np

from kmb_core.conformance.row import ANY, FLOATS, NUMBERS, Table, apart, booleans, fixed, integers, numbers

TABLE = Table()

COMPARISONS = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
}
LOGIC = {"logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor}
SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0]

for oracles in (COMPARISONS, LOGIC):
    TABLE.add_all(oracles, fixed([[0.0, 1.0, 2.0]]), fixed([[1.0], [0.0], [2.0]]), dtypes=ANY)
    TABLE.add_all(oracles, fixed([SPECIAL]), fixed([[s] for s in SPECIAL]), dtypes=FLOATS)
    TABLE.add_all(oracles, numbers(0, 3), numbers(3), dtypes=ANY)
    TABLE.add_all(oracles, numbers(), numbers(2), dtypes=ANY)

TABLE.add("logical_not", np.logical_not, fixed([0.0, 1.0, -2.0]), dtypes=ANY)
TABLE.add("logical_not", np.logical_not, fixed([np.nan, -0.0]))

QUESTIONS = {"isnan": np.isnan, "isfinite": np.isfinite, "isinf": np.isinf}
TABLE.add_all(QUESTIONS, fixed([SPECIAL]))
TABLE.add_all(QUESTIONS, integers(2, 3), dtypes=("int32",))
TABLE.add_all(QUESTIONS, booleans(3), dtypes=("bool",))
TABLE.add_all(QUESTIONS, numbers(0, 2))

TABLE.add("isclose", np.isclose, fixed([1.0, 2.0]), 2)
TABLE.add("isclose", np.isclose, fixed([1.0, 1.0, 1.0, 0.0]), fixed([1.0, 1.00001, 1.001, 1e-9]), rtol=1e-4)
TABLE.add("isclose", np.isclose, fixed([SPECIAL]), fixed([[s] for s in SPECIAL]))
TABLE.add("isclose", np.isclose, fixed([SPECIAL]), fixed([[s] for s in SPECIAL]), equal_nan=True)
TABLE.add("isclose", np.isclose, fixed([1.0, 2.0]), fixed([1.0, 3.0]), dtypes=("int32",))
TABLE.add("isclose", np.isclose, fixed([1.0, 2.0]), fixed([1.4, 2.6]), rtol=0.0, atol=0.5)

TABLE.add("where", np.where, booleans(2, 3), numbers(2, 3), numbers(3), dtypes=ANY, gradients=True)
TABLE.add("where", np.where, booleans(2, 1), numbers(), numbers(1, 3), dtypes=NUMBERS, gradients=True)
TABLE.add("where", np.where, fixed([0.0, 0.5, -1.0, np.nan]), numbers(4), numbers(4))
TABLE.add("where", np.where, integers(3, high=2), numbers(3), numbers(3))
TABLE.add("where", np.where, booleans(0, 2), numbers(2), numbers(2))
TABLE.add("where", np.where, fixed([[0.0, 2.0], [3.0, 0.0]]), dtypes=NUMBERS, compiled=False)


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """As NumPy's; the largest numbers left out, since they depend on the dtype."""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


TABLE.add("nan_to_num", nan_to_num, fixed([np.nan, np.inf, -np.inf, 1.5]), 3.0, 5.0, -7.0)
TABLE.add("nan_to_num", nan_to_num, fixed([np.nan, 2.0]))
TABLE.add("nan_to_num", nan_to_num, integers(3), dtypes=("int32",))
TABLE.add("nan_to_num", lambda x: np.finfo("float32").max * np.sign(x), fixed([np.inf, -np.inf]), dtypes=("float32",))
TABLE.add("nan_to_num", nan_to_num, apart(3), gradients=True)
