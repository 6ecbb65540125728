"""Copies are tensors of their own; sizes are numbers, or symbolic scalars of symbolic tensors."""

import numpy as np

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of


def test_a_copy_outlives_what_becomes_of_the_original():
    given = np.ones(3, "float32")
    tensor = ops.convert_to_tensor(given)
    copy = ops.copy(tensor)
    given[0] = 7.0
    assert ops.convert_to_numpy(copy).tolist() == [1.0, 1.0, 1.0]


def test_sizes_are_numbers():
    x = ops.ones((2, 3))
    assert (ops.ndim(x), ops.size(x), ops.size(np.zeros((0, 4))), ops.ndim(1.0)) == (2, 6, 0, 0)


def test_sizes_of_symbolic_tensors_are_symbolic_scalars():
    for size in (ops.ndim(KerasTensor((None, 3))), ops.size(KerasTensor((None, 3)))):
        assert (size.shape, size.dtype) == ((), "int32")


def test_arrays_are_made_in_the_dtype_that_is_asked_for():
    assert [dtype_of(ops.array([1, 2])), dtype_of(ops.array([1.5])), dtype_of(ops.array([1], "float16"))] == [
        "int32",
        "float32",
        "float16",
    ]
