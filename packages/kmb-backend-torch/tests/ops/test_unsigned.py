import numpy as np
import pytest

from kmb_core import ops

A, B = np.array([[3, 0, 7], [2, 9, 5]]), np.array([[1, 4, 7], [5, 2, 5]])
BINARY = {
    "add": np.add,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "less": np.less,
    "greater_equal": np.greater_equal,
    "floor_divide": np.floor_divide,
    "mod": np.mod,
    "logical_and": np.logical_and,
    "matmul": lambda a, b: a @ b.T,
}
UNARY = {
    "max": np.max,
    "min": np.min,
    "argmax": np.argmax,
    "cumsum": np.cumsum,
    "flip": np.flip,
    "tril": np.tril,
    "abs": np.abs,
}


@pytest.mark.parametrize("dtype", ["uint16", "uint32"])
@pytest.mark.parametrize("name", BINARY)
def test_binary_ops_on_unsigned_integers(name, dtype):
    a, b = A.astype(dtype), B.astype(dtype)
    found = getattr(ops, name)(ops.convert_to_tensor(a), ops.convert_to_tensor(b.T if name == "matmul" else b))
    np.testing.assert_array_equal(ops.convert_to_numpy(found), BINARY[name](a, b))
    assert str(found.dtype).removeprefix("torch.") in (dtype, "bool")


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
@pytest.mark.parametrize("name", UNARY)
def test_other_ops_on_unsigned_integers(name, dtype):
    found = ops.convert_to_numpy(getattr(ops, name)(ops.convert_to_tensor(A.astype(dtype))))
    np.testing.assert_array_equal(found, UNARY[name](A))


def test_sums_wrap_round_at_32_bits():
    top = ops.convert_to_tensor(np.array([2**32 - 1], "uint32"))
    assert ops.convert_to_numpy(ops.add(top, 2)).tolist() == [1]


def test_integer_division_by_zero_is_zero_as_in_numpy():
    x = ops.convert_to_tensor(np.array([5, -5], "int32"))
    assert ops.floor_divide(x, 0).tolist() == [0, 0]
    assert ops.mod(x, 0).tolist() == [0, 0]
