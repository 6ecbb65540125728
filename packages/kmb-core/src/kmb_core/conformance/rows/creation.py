"""Rows of `ops.creation`."""

import numpy as np

from kmb_core.conformance.row import ANY, DTYPE, FLOATS, NUMBERS, Table, fixed, numbers

TABLE = Table()


def cast(x, dtype):
    """NumPy's: floats lose their fraction."""
    return x.astype(dtype)


for target in ("float32", "int32", "bool"):
    TABLE.add("cast", cast, fixed([[0.0, 1.7, -2.9]]), target, dtypes=ANY)
TABLE.add("cast", cast, numbers(2, 3), "float32", gradients=False)
TABLE.add("cast", cast, fixed([0.0, 3.0]), "uint8", dtypes=ANY)
TABLE.add("cast", cast, numbers(0, 2), DTYPE, dtypes=ANY)
TABLE.add("stop_gradient", np.asarray, numbers(2, 3), dtypes=ANY)
TABLE.add("converted", np.asarray, numbers(2, 3), dtypes=ANY)
TABLE.add("converted", lambda x, dtype: x.astype(dtype), fixed([1.5, 0.0]), "int32", dtypes=FLOATS)

TABLE.add("full", np.full, (2, 3), 1, DTYPE, dtypes=ANY)
TABLE.add("full", lambda shape, value: np.full(shape, value, "float32"), (2,), 0.5, dtypes=("float32",))
TABLE.add("full", np.full, (0, 3), 2, DTYPE, dtypes=NUMBERS)
TABLE.add("full", np.full, (), 2, DTYPE, dtypes=NUMBERS)
for name, oracle in {"zeros": np.zeros, "ones": np.ones}.items():
    TABLE.add(name, oracle, (2, 3), DTYPE, dtypes=ANY)
    TABLE.add(name, oracle, (0,), DTYPE, dtypes=ANY)
    TABLE.add(name, oracle, (), DTYPE, dtypes=ANY)
    TABLE.add(name, lambda shape, of=oracle: of(shape, "float32"), (2,), dtypes=("float32",))
TABLE.add("empty", None, (2, 3), DTYPE, dtypes=ANY, finite=False)

for name, oracle in {"zeros_like": np.zeros_like, "ones_like": np.ones_like}.items():
    TABLE.add(name, oracle, numbers(2, 3), dtypes=ANY)
    TABLE.add(name, oracle, numbers(2, 0), "int32", dtypes=ANY)
TABLE.add("full_like", np.full_like, numbers(2, 3), fixed(3.0), dtypes=NUMBERS)
TABLE.add("full_like", np.full_like, numbers(2, 3), fixed([1.0, 2.0, 0.0]), "int32", dtypes=NUMBERS)

TABLE.add("arange", lambda stop, dtype: np.arange(stop, dtype=dtype), 4, dtype=DTYPE, dtypes=NUMBERS)
TABLE.add("arange", np.arange, 1, 8, 3, dtype=DTYPE, dtypes=NUMBERS)
TABLE.add("arange", np.arange, 5, 1, -2, dtype=DTYPE, dtypes=NUMBERS)
TABLE.add("arange", np.arange, 0.5, 2.0, 0.25, dtype=DTYPE)
TABLE.add("arange", np.arange, 3, 1, dtype=DTYPE, dtypes=NUMBERS)
TABLE.add("arange", lambda stop: np.arange(stop), 3, dtypes=("int32",))

TABLE.add("linspace", np.linspace, numbers(), numbers(), 5, gradients=True)
TABLE.add("linspace", np.linspace, numbers(2), numbers(3, 1), 4, endpoint=False, axis=1, gradients=True)
TABLE.add("linspace", np.linspace, numbers(2), numbers(2), 3, retstep=True, axis=-1)
TABLE.add("linspace", np.linspace, fixed(0.0), fixed(9.0), 4, dtype="int32", dtypes=FLOATS)
TABLE.add("linspace", np.linspace, numbers(), numbers(), 1)
TABLE.add("linspace", np.linspace, numbers(2), 2, 3)
TABLE.add("linspace", np.linspace, numbers(), numbers(), 0)

TABLE.add("eye", np.eye, 3, dtype=DTYPE, dtypes=ANY)
TABLE.add("eye", np.eye, 2, 4, 1, DTYPE, dtypes=ANY)
TABLE.add("eye", np.eye, 4, 2, -1, DTYPE)
TABLE.add("identity", np.identity, 3, DTYPE, dtypes=ANY)
TABLE.add("tri", np.tri, 3, dtype=DTYPE, dtypes=ANY)
TABLE.add("tri", np.tri, 2, 4, 1, DTYPE)
TABLE.add("tri", np.tri, 4, 3, -2, DTYPE)
for name, oracle in {"tril": np.tril, "triu": np.triu}.items():
    TABLE.add(name, oracle, numbers(3, 4), dtypes=ANY, gradients=True)
    TABLE.add(name, oracle, numbers(2, 3, 3), 1, gradients=True)
    TABLE.add(name, oracle, numbers(4, 2), -1)
    TABLE.add(name, oracle, numbers(0, 2, 2))
