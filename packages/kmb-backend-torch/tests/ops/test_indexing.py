import numpy as np
import pytest
import torch

from kmb_core import ops

ARRAY = np.arange(120).reshape(4, 5, 6)
KEYS = {
    "a negative step": np.s_[::-1],
    "two negative steps": np.s_[3:0:-2, :, ::-3],
    "a negative step behind an ellipsis": np.s_[..., 4::-1],
    "a negative step with a number": np.s_[1, ::-1],
    "a negative step with a new axis": np.s_[None, 2, ..., ::-1],
    "an empty backward slice": np.s_[0:3:-1],
    "a list and a number": np.s_[[0, 2], :, 3],
    "a number, a slice and a list": np.s_[1, :, [0, 2]],
    "a mask": ARRAY[:, :, 0] > 40,
    "a mask and a backward slice": (np.array([True, False, True, True]), np.s_[::-1]),
    "small unsigned integers": np.array([3, 0], "uint8"),
    "new axes": np.s_[None, ..., None],
}


@pytest.mark.parametrize("name", KEYS)
def test_get_item_follows_numpy(name):
    found = ops.get_item(torch.from_numpy(ARRAY), KEYS[name])
    np.testing.assert_array_equal(found.numpy(), ARRAY[KEYS[name]])


def test_take_counts_negative_positions_from_the_end():
    x = torch.from_numpy(ARRAY)
    np.testing.assert_array_equal(ops.take(x, [[-1, 0]], 1).numpy(), np.take(ARRAY, [[-1, 0]], 1))
    indices = np.array([[[-1], [0], [2], [-6], [5]]])
    found = ops.take_along_axis(x, indices, 2).numpy()
    np.testing.assert_array_equal(found, np.take_along_axis(ARRAY, np.broadcast_to(indices, (4, 5, 1)), 2))


@pytest.mark.parametrize(
    ("reduction", "function"), [("add", np.add), ("max", np.maximum), ("min", np.minimum), ("mul", np.multiply)]
)
def test_scatter_update_joins_repeated_places(reduction, function):
    base = np.arange(12.0).reshape(3, 4)
    indices, updates = np.array([[0, 1], [2, 3], [0, 1]]), np.array([5.0, -3.0, 2.0])
    expected = base.copy()
    function.at(expected, tuple(indices.T), updates)
    found = ops.scatter_update(torch.from_numpy(base), indices, torch.from_numpy(updates), reduction=reduction)
    np.testing.assert_array_equal(found.numpy(), expected)


def test_scatter_update_of_rows_leaves_its_input_alone():
    base = torch.zeros(3, 2)
    found = ops.scatter_update(base, [[1]], torch.ones(1, 2))
    assert found.tolist() == [[0, 0], [1, 1], [0, 0]]
    assert base.sum() == 0


@pytest.mark.parametrize("start", [(1, 2, 0), torch.tensor([1, 2, 0])])
def test_slice_update_replaces_a_block_at_numbers_or_at_a_tensor(start):
    x, block = torch.from_numpy(ARRAY.astype("float32")), torch.full((2, 1, 6), -1.0)
    expected = ARRAY.astype("float32").copy()
    expected[1:3, 2:3, :] = -1
    np.testing.assert_array_equal(ops.slice_update(x, start, block).numpy(), expected)
    np.testing.assert_array_equal(ops.slice(torch.from_numpy(expected), start, (2, 1, 6)).numpy(), block.numpy())


@pytest.mark.parametrize("axis", [0, 1, -3])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "uint16", "bfloat16"])
def test_rows_are_taken_from_both_ends_in_every_dtype(axis, dtype):
    table = ops.cast(np.arange(4 * 3 * 40).reshape(4, 3, 40), dtype)
    indices = np.array([[-1, 0], [2, -2]], "int32")
    expected = np.take(ops.convert_to_numpy(ops.cast(table, "int64")), indices, axis)
    found = ops.take(table, torch.from_numpy(indices), axis)
    assert found.dtype is table.dtype
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.cast(found, "int64")), expected)


@pytest.mark.parametrize("dtype", ["float32", "uint16", "complex64"])
@pytest.mark.parametrize(("kind", "first"), [("int32", 0), ("int32", -3), ("int64", -3), ("int16", -3), ("uint8", 0)])
def test_many_rows_are_taken_from_both_ends(dtype, kind, first):
    table = ops.cast(np.arange(12).reshape(3, 4), dtype)
    indices = np.resize(np.arange(first, 3), (20, 30)).astype(kind)
    expected = np.arange(12).reshape(3, 4)[indices]
    found = ops.take(table, torch.from_numpy(indices), 0)
    assert found.dtype is table.dtype
    np.testing.assert_array_equal(ops.convert_to_numpy(found), expected)


@pytest.mark.filterwarnings("ignore")  # tracing is deprecated
def test_a_trace_of_many_positions_from_the_front_counts_from_the_end_too():
    table, front = torch.arange(12.0).reshape(3, 4), torch.arange(600).remainder(3)
    traced = torch.jit.trace(lambda x, indices: ops.take(x, indices, 0), (table, front))
    assert torch.equal(traced(table, front - 3), table[front])


@pytest.mark.parametrize("index", [3, -4])
def test_a_row_that_is_not_there_is_an_error(index):
    with pytest.raises(IndexError):
        ops.take(torch.ones(3, 40), torch.tensor([index]), 0)


def test_the_gradient_of_rows_taken_twice_is_summed():
    table = torch.ones(3, 40, requires_grad=True)
    ops.take(table, torch.tensor([-1, 2, 0]), 0).sum().backward()
    assert table.grad[:, 0].tolist() == [1.0, 0.0, 2.0]
