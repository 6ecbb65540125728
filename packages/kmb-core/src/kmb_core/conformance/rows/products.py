"""Rows of `ops.products`."""

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, booleans, integers, numbers

TABLE = Table()

EVERY = {"dtypes": NUMBERS, "gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1}
SOME = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1}

TABLE.add("matmul", np.matmul, numbers(2, 3), numbers(3, 4), **EVERY)
TABLE.add("matmul", np.matmul, numbers(3), numbers(3), **SOME)
for size in (2, 64):  # int8 is summed in int32
    left, right = integers(2, size, low=-128, high=128, dtype="int8"), integers(size, 3, low=-128, dtype="int8")
    TABLE.add("matmul", lambda a, b: a.astype(int) @ b, left, right, dtypes=("int8",), unknown_batch=1)
    TABLE.add("einsum", lambda _, a, b: a.astype(int) @ b, "ij,jk", left, right, dtypes=("int8",), unknown_batch=1)
TABLE.add("matmul", np.matmul, booleans(2, 3), booleans(3, 2), dtypes=("bool",))
TABLE.add("dot", np.dot, booleans(2, 3), booleans(3, 2), dtypes=("bool",))
TABLE.add("inner", np.inner, booleans(2, 3), booleans(4, 3), dtypes=("bool",))
TABLE.add("tensordot", np.tensordot, booleans(2, 3), booleans(3, 2), 1, dtypes=("bool",))
TABLE.add("matmul", np.matmul, numbers(2, 3), numbers(3), **SOME)
TABLE.add("matmul", np.matmul, numbers(3), numbers(2, 3, 2), unknown_batch=0, **SOME)
TABLE.add("matmul", np.matmul, numbers(2, 1, 2, 3), numbers(4, 3, 2), **SOME)
TABLE.add("matmul", np.matmul, numbers(2, 0), numbers(0, 3), unknown_batch=0)
TABLE.add("matmul", np.matmul, numbers(0, 2), numbers(2, 3))
TABLE.add("dot", np.dot, numbers(2, 3), numbers(3, 2), **EVERY)
TABLE.add("dot", np.dot, numbers(2, 3), numbers(4, 3, 2), **SOME)
TABLE.add("dot", np.dot, numbers(), numbers(3), **SOME)
TABLE.add("dot", np.dot, numbers(3), numbers(3), **SOME)
TABLE.add("inner", np.inner, numbers(2, 3), numbers(4, 3), **EVERY)
TABLE.add("inner", np.inner, numbers(3), numbers(3), **SOME)
TABLE.add("inner", np.inner, numbers(), numbers(2), **SOME)
TABLE.add("outer", np.outer, numbers(2), numbers(2, 2), **EVERY)
TABLE.add("vdot", np.vdot, numbers(2, 2), numbers(4), unknown_batch=0, **EVERY)
TABLE.add("tensordot", np.tensordot, numbers(2, 3, 4), numbers(3, 4, 2), **EVERY)
TABLE.add("tensordot", np.tensordot, numbers(2, 3, 4), numbers(4, 2), 1, **SOME)
TABLE.add("tensordot", np.tensordot, numbers(2, 3), numbers(2), 0, **SOME)
TABLE.add("tensordot", np.tensordot, numbers(2, 3, 4), numbers(4, 2, 3), ((1, -1), (2, 0)), unknown_batch=0, **SOME)
TABLE.add("einsum", np.einsum, "ij,jk->ik", numbers(2, 3), numbers(3, 4), unknown_batch=0, **EVERY)
TABLE.add("einsum", np.einsum, "...ij,...kj->...ik", numbers(2, 1, 3), numbers(2, 4, 3), **SOME)
TABLE.add("einsum", np.einsum, "ii->i", numbers(3, 3), unknown_batch=0, **SOME)
TABLE.add("einsum", np.einsum, "ab,bc,cd", numbers(2, 2), numbers(2, 3), numbers(3, 2), unknown_batch=0, **SOME)
TABLE.add("einsum", np.einsum, "ij->", numbers(2, 3), **SOME)
TABLE.add("trace", np.trace, numbers(3, 4), **EVERY)
TABLE.add("trace", np.trace, numbers(3, 2, 3), 1, 0, 2, unknown_batch=0, **SOME)
