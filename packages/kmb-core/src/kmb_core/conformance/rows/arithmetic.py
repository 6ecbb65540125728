"""Rows of `ops.arithmetic`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, apart, booleans, fixed, numbers, positive

TABLE = Table()

BINARY = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum}
DIVISIONS = {"true_divide": np.true_divide, "divide": np.true_divide}
WHOLE_DIVISIONS = {"floor_divide": np.floor_divide, "mod": np.mod}
SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -1.0]

for name, oracle in BINARY.items():
    dtypes = NUMBERS if name == "subtract" else ANY
    TABLE.add(name, oracle, apart(2, 3), numbers(2, 3), dtypes=dtypes, gradients=True)
    TABLE.add(name, oracle, apart(2, 1, 3), numbers(4, 1), dtypes=dtypes, gradients=True)
    TABLE.add(name, oracle, numbers(), numbers(3), dtypes=dtypes, gradients=True)
    TABLE.add(name, oracle, numbers(0, 3), numbers(3), dtypes=dtypes)
    TABLE.add(name, oracle, fixed(SPECIAL), fixed([[0.0], [np.inf], [np.nan]]), finite=False)

TABLE.add_all(DIVISIONS, numbers(2, 3), positive(3), dtypes=NUMBERS, gradients=True)
TABLE.add_all(DIVISIONS, numbers(2, 1, 2), positive(3, 1), gradients=True)
TABLE.add_all(DIVISIONS, fixed([1.0, -1.0, 0.0]), fixed([0.0, 0.0, 0.0]), finite=False)
TABLE.add_all(DIVISIONS, numbers(0, 2), positive(2))

TABLE.add_all(WHOLE_DIVISIONS, fixed([7.3, -7.3, 5.1, -5.1]), fixed([2.0, 2.0, -1.5, -1.5]), dtypes=NUMBERS)
TABLE.add_all(WHOLE_DIVISIONS, fixed([[7.0], [-7.0], [0.0]]), fixed([2.0, -2.0, 3.0]), dtypes=NUMBERS)
TABLE.add("mod", np.mod, fixed([0.7, -0.7]), fixed([0.5, 0.5]), gradients=True)

TABLE.add("power", np.power, positive(2, 3), numbers(3), gradients=True, tolerance=2e-6)
TABLE.add("power", np.power, fixed([-2.0, 3.0, 0.0]), fixed([3.0, 2.0, 0.0]), dtypes=NUMBERS)
TABLE.add("power", np.power, positive(0, 2), numbers(2))

UNARY = {"absolute": np.absolute, "abs": np.absolute, "negative": np.negative, "sign": np.sign, "square": np.square}
TABLE.add_all(UNARY, apart(2, 3, low=-0.1), dtypes=NUMBERS, gradients=True)
TABLE.add_all(UNARY, numbers(), gradients=True)
TABLE.add_all(UNARY, numbers(2, 0))
TABLE.add_all(UNARY, fixed([0.0, np.inf, -np.inf, np.nan]), finite=False)

ROUNDING = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.round}
TABLE.add_all(ROUNDING, fixed([-2.5, -1.5, -0.5, -0.2, 0.0, 0.5, 1.5, 2.5, 2.7]), dtypes=NUMBERS)
TABLE.add_all(ROUNDING, fixed([0.3, -1.7]), gradients=True)
TABLE.add_all(ROUNDING, fixed([np.inf, -np.inf, np.nan]), finite=False)
TABLE.add("round", np.round, numbers(2, 3), 2, tolerance=2e-6, low_tolerance=0.2)
TABLE.add("round", np.round, fixed([14.0, -26.0, 350.0, 25.0, 15.0, -5.0]), -1, low_tolerance=0.3, dtypes=NUMBERS)
TABLE.add("square", lambda x: x.astype("int32"), booleans(3), dtypes=("bool",))
TABLE.add("trunc", np.asarray, booleans(3), dtypes=("bool",))
TABLE.add("round", np.asarray, booleans(3), dtypes=("bool",))

TABLE.add("reciprocal", np.reciprocal, positive(2, 3), gradients=True)
TABLE.add("reciprocal", lambda x: 1.0 / x, fixed([1.0, 2.0]), dtypes=("int32",))
TABLE.add("reciprocal", np.reciprocal, fixed([0.0, np.inf]), finite=False)

TABLE.add("clip", np.clip, fixed([-1.7, -0.3, 0.4, 1.8]), -1, 1, dtypes=NUMBERS, gradients=True)
TABLE.add("clip", np.clip, numbers(2, 3), -0.5, 0.75)
TABLE.add("clip", lambda x, *_: np.minimum(x.astype("int32"), 1), booleans(4), -1, 1, dtypes=("bool",))
TABLE.add("floor_divide", np.floor_divide, fixed([7.3, -7.3, 0.0]), 2, dtypes=NUMBERS)
TABLE.add("mod", np.mod, fixed([7.3, -7.3, 0.0]), 2, dtypes=NUMBERS)
TABLE.add("clip", np.clip, numbers(2), 1.0, -1.0)
