"""Rows of `ops.bits`."""

import numpy as np

from kmb_core.conformance.row import Table, booleans, fixed, integers

TABLE = Table()

SIZES = ("int32", "int8", "uint8", "int16", "uint16", "uint32")
BITWISE = {"bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor}
SHIFTS = {
    "bitwise_left_shift": np.left_shift,
    "left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "right_shift": np.right_shift,
}
DIVISORS = {"gcd": np.gcd, "lcm": np.lcm}

TABLE.add_all(BITWISE, fixed([12.0, 5.0, 0.0, 100.0]), fixed([[10.0], [3.0]]), dtypes=SIZES)
TABLE.add_all(BITWISE, integers(2, 0), integers(), dtypes=("int32",))
TABLE.add_all(BITWISE, booleans(4), booleans(4), dtypes=("bool",))
TABLE.add_all(BITWISE, integers(3, low=-9), integers(3, low=-9), dtypes=("int32",))
for name in ("bitwise_not", "bitwise_invert"):
    TABLE.add(name, np.invert, fixed([0.0, 1.0, 100.0]), dtypes=SIZES)
    TABLE.add(name, np.invert, booleans(4), dtypes=("bool",))
    TABLE.add(name, np.invert, integers(0, 2), dtypes=("int32",))
TABLE.add_all(SHIFTS, fixed([3.0, 100.0, 1.0]), fixed([[0.0], [2.0], [7.0], [40.0]]), dtypes=SIZES)
TABLE.add_all(SHIFTS, fixed([-8, -1, 5], "int32"), fixed([1, 31, 33], "int32"), dtypes=("int32",))
TABLE.add_all(DIVISORS, fixed([12.0, 5.0, 0.0, 0.0, 7.0]), fixed([9.0, 15.0, 4.0, 0.0, 7.0]), dtypes=SIZES)
TABLE.add_all(DIVISORS, fixed([-12, 18], "int32"), fixed([[8], [-27], [0]], "int32"), dtypes=("int32",))
TABLE.add(
    "gcd", np.gcd, fixed([1836311903, 2**30], "int32"), fixed([1134903170, 3 * 2**28], "int32"), dtypes=("int32",)
)
TABLE.add("gcd", np.gcd, integers(0, 2), integers(), dtypes=("int32",))
TABLE.add("view", lambda x, dtype: x.astype("float32").view(dtype), fixed([1.0, -2.5]), "int32", dtypes=("float32",))
TABLE.add("view", lambda x, dtype: x.view(dtype), integers(2, 4, high=100), "int16", dtypes=("int32",))
TABLE.add("view", lambda x, dtype: x.view(dtype), integers(2, 4, high=100, dtype="int16"), "int32", dtypes=("int32",))
TABLE.add("view", lambda x: x, integers(0, 3), dtypes=("int32",))
