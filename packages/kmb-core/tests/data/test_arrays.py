"""Arrays in memory: order, views, shuffling, cost of a batch, and what is refused."""

import sys
from collections import namedtuple

import numpy as np
import pytest

from kmb_core.data import ArrayAdapter, make_adapter, train_validation_split
from kmb_core.errors import DTypeError, ShapeError, StructureError


def rows(adapter):
    return [batch[0].tolist() for batch in adapter.batches()]


def test_batches_come_in_order_and_the_short_last_one_is_kept():
    adapter = make_adapter(np.arange(7), batch_size=3)
    assert rows(adapter) == [[0, 1, 2], [3, 4, 5], [6]]
    assert adapter.num_batches == 3
    assert rows(adapter) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_batch_larger_than_the_data_is_one_batch():
    assert rows(make_adapter(np.arange(3), batch_size=100)) == [[0, 1, 2]]


def test_the_batch_size_is_32_unless_given():
    assert make_adapter(np.arange(33)).num_batches == 2


def test_rows_in_order_are_views_of_the_array():
    x, y = np.arange(6, dtype="float32"), np.arange(6)
    for batch in make_adapter(x, y, batch_size=4).batches():
        assert np.shares_memory(batch[0], x)
        assert np.shares_memory(batch[1], y)


def test_a_shuffled_epoch_is_a_permutation_and_keeps_x_and_y_together():
    x = np.arange(100)
    adapter = make_adapter(x, x * 10, batch_size=7, shuffle=True, seed=1)
    first = [(batch[0].tolist(), batch[1].tolist()) for batch in adapter.batches()]
    flat = [value for xs, _ in first for value in xs]
    assert sorted(flat) == list(range(100))
    assert flat != list(range(100))
    assert all([value * 10 for value in xs] == ys for xs, ys in first)
    assert [value for batch in rows(adapter) for value in batch] != flat


def test_the_same_seed_gives_the_same_order():
    def orders():
        return rows(make_adapter(np.arange(20), batch_size=3, shuffle=True, seed=5))

    assert orders() == orders()


def test_pythons_random_seed_decides_the_order_where_none_is_given():
    import random

    random.seed(3)
    first = rows(make_adapter(np.arange(20), batch_size=3, shuffle=True))
    random.seed(3)
    assert rows(make_adapter(np.arange(20), batch_size=3, shuffle=True)) == first


def test_shuffling_batches_keeps_neighbours_together_as_views():
    x = np.arange(50)
    adapter = make_adapter(x, batch_size=8, shuffle="batch", seed=0)
    batches = [batch[0] for batch in adapter.batches()]
    starts = [int(batch[0]) for batch in batches]
    assert all(np.shares_memory(batch, x) for batch in batches)
    assert all(np.array_equal(batch, x[batch[0] : batch[0] + 8]) for batch in batches)
    assert sorted(starts) == list(range(0, 50, 8))
    assert starts != sorted(starts)


def test_nesting_comes_back_as_it_was_given():
    Pair = namedtuple("Pair", "left right")
    x = {"image": np.arange(4), "more": [np.arange(4) + 10, (np.arange(4) + 20,)]}
    y = Pair(np.arange(4) + 30, np.arange(4) + 40)
    (got_x, got_y, got_w), _ = make_adapter(x, y, np.ones(4), batch_size=2).batches()
    assert got_x["image"].tolist() == [0, 1]
    assert got_x["more"][0].tolist() == [10, 11]
    assert isinstance(got_x["more"][1], tuple)
    assert isinstance(got_y, Pair)
    assert got_y.right.tolist() == [40, 41]
    assert got_w.tolist() == [1, 1]


def test_a_single_array_in_a_list_stays_in_a_list():
    (x, y), *_ = make_adapter([np.arange(4)], [np.arange(4)], batch_size=2).batches()
    assert isinstance(x, list)
    assert isinstance(y, list)


def test_weights_without_targets_leave_a_gap_for_them():
    (x, y, weight), *_ = make_adapter(np.arange(4), sample_weight=np.ones(4), batch_size=2).batches()
    assert x.tolist() == [0, 1]
    assert y is None
    assert weight.tolist() == [1, 1]


def test_floats_come_as_the_default_float_and_integers_as_they_are():
    (x, y), *_ = make_adapter(np.zeros(4, "float64"), np.zeros(4, "uint8")).batches()
    assert x.dtype == np.float32
    assert y.dtype == np.uint8


def test_large_floats_are_converted_batch_by_batch(monkeypatch):
    monkeypatch.setattr("kmb_core.data.columns._CONVERT_AT_ONCE", 8)
    for shuffle in (False, True):
        adapter = make_adapter(np.arange(4, dtype="float64"), batch_size=2, shuffle=shuffle)
        assert {batch[0].dtype for batch in adapter.batches()} == {np.dtype("float32")}


def test_lists_of_numbers_are_arrays_and_lists_of_arrays_are_not():
    (x, y), *_ = make_adapter([[1, 2], [3, 4], [5, 6]], [0, 1, 0], batch_size=2).batches()
    assert x.tolist() == [[1, 2], [3, 4]]
    assert y.tolist() == [0, 1]


@pytest.mark.parametrize("shuffle", [False, True])
def test_scipy_sparse_matrices_become_dense_batch_by_batch(shuffle):
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.eye(5, dtype="float64")
    adapter = make_adapter(sparse.coo_matrix(dense), batch_size=2, shuffle=shuffle, seed=0)
    found = np.concatenate([batch[0] for batch in adapter.batches()])
    assert found.dtype == np.float32
    assert sorted(found.argmax(1).tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_hdf5_datasets_are_read_batch_by_batch_in_any_order(tmp_path, shuffle):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        data = file.create_dataset("x", data=np.arange(10))
        adapter = make_adapter(data, np.arange(10), batch_size=3, shuffle=shuffle, seed=0)
        for x, y in adapter.batches():
            assert x.tolist() == y.tolist()


class Frame:
    """Stands for a pandas object: known by its module and `to_numpy`."""

    def __init__(self, values):
        self._values = values

    def to_numpy(self):
        return self._values


Frame.__module__ = "pandas.core.frame"


def test_pandas_objects_are_known_by_their_module_alone():
    (x, y), *_ = make_adapter(Frame(np.ones((3, 2))), Frame(np.arange(3)), batch_size=2).batches()
    assert x.shape == (2, 2)
    assert y.shape == (2, 1)


class Tensor:
    """Stands for a framework's tensor that takes slices but no index arrays."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, "native"

    def __getitem__(self, chosen):
        if not isinstance(chosen, slice):
            raise TypeError("only slices")
        return Tensor(self.values[chosen])

    def __array__(self, dtype=None, copy=None):
        return self.values


def test_native_tensors_are_sliced_as_they_are():
    (x,), *_ = make_adapter(Tensor(np.arange(4)), batch_size=3).batches()
    assert isinstance(x, Tensor)
    assert x.shape == (3,)


def test_native_tensors_without_index_arrays_are_shuffled_as_numpy_arrays():
    batches = [x for (x,) in make_adapter(Tensor(np.arange(6)), batch_size=4, shuffle=True, seed=0).batches()]
    assert sorted(np.concatenate(batches).tolist()) == [0, 1, 2, 3, 4, 5]


def calls_in_an_epoch(adapter):
    count = 0

    def watch(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    iterator = adapter.batches()
    next(iterator)
    sys.setprofile(watch)
    try:
        for _ in iterator:
            pass
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("weights", [None, np.ones(3200, "float32")])
def test_a_batch_costs_at_most_fifteen_calls(shuffle, weights):
    x, y = np.zeros((3200, 4), "float32"), np.zeros(3200, "int32")
    adapter = make_adapter(x, y, weights, batch_size=32, shuffle=shuffle)
    assert calls_in_an_epoch(adapter) / 99 <= 15


@pytest.mark.parametrize(
    ("x", "y", "error", "words"),
    [
        (np.zeros(3), np.zeros(4), ShapeError, "x: 3, y: 4"),
        ({"a": np.zeros(3), "b": [np.zeros(3), np.zeros(2)]}, None, ShapeError, "x['b'][1]: 2"),
        (np.zeros((0, 4)), np.zeros(0), ShapeError, "x holds no samples"),
        ({}, None, ShapeError, "x holds no array"),
        ([], None, ShapeError, "x holds no array"),
        (None, None, StructureError, "x is None"),
        ({"a": np.zeros(3), "b": None}, None, StructureError, "x['b'] is None"),
        (np.zeros(3), [np.zeros(3), None], StructureError, "y[1] is None"),
        (3.0, None, ShapeError, "x is a scalar"),
        (np.float32(3), None, ShapeError, "x is a scalar"),
        ({"a": np.array(1)}, None, ShapeError, "x['a'] is a scalar"),
        ("text", None, ShapeError, "x is a scalar"),
        (np.zeros(3), {"out": object()}, StructureError, "y['out'] is of type builtins.object"),
        ([[1, 2], [3]], None, ShapeError, "x is a list whose rows differ in length"),
        (np.array([[1], [2, 3]], dtype=object), None, DTypeError, "x is a NumPy array of Python objects (list)"),
    ],
)
def test_what_cannot_be_batched_is_refused_by_its_path(x, y, error, words):
    with pytest.raises(error) as caught:
        make_adapter(x, y)
    assert words in str(caught.value).splitlines()[0]
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_size_must_be_positive(batch_size):
    with pytest.raises(ShapeError, match="batch_size"):
        make_adapter(np.zeros(3), batch_size=batch_size)


def test_strings_are_data():
    (x,), *_ = make_adapter(np.array(["one", "two"], dtype=object)).batches()
    assert x.tolist() == ["one", "two"]


def test_class_numbers_and_one_hot_rows_are_weighed_alike():
    weights = {0: 1.0, 2: 3.0}
    numbers = np.array([0, 1, 2, 2])
    for y in (numbers, numbers[:, None], np.eye(3)[numbers]):
        (_, _, got), *_ = make_adapter(np.zeros(4), y, class_weight=weights).batches()
        assert got.tolist() == [1.0, 1.0, 3.0, 3.0]


def test_class_weights_multiply_sample_weights():
    (_, _, got), *_ = make_adapter(np.zeros(2), np.array([0, 1]), np.array([2.0, 0.5]), class_weight={1: 4.0}).batches()
    assert got.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("y", [None, {"a": np.zeros(2)}, np.zeros((2, 3, 4))])
def test_class_weights_need_one_array_of_classes(y):
    with pytest.raises(ValueError, match="class_weight"):
        make_adapter(np.zeros(2), y, class_weight={0: 1.0})


def test_the_last_rows_are_held_out_for_validation():
    x = {"a": np.arange(10)}
    (train_x, train_y, none), (held_x, held_y, _) = train_validation_split((x, np.arange(10) * 2, None), 0.25)
    assert train_x["a"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert held_x["a"].tolist() == [7, 8, 9]
    assert train_y.tolist() == [0, 2, 4, 6, 8, 10, 12]
    assert held_y.tolist() == [14, 16, 18]
    assert none is None


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 1.5, 0.999, float("nan")])
def test_a_split_that_leaves_a_part_empty_is_refused(fraction):
    with pytest.raises(ShapeError, match="validation_split"):
        train_validation_split((np.arange(4), None, None), fraction)


def test_an_adapter_of_arrays_needs_no_closing():
    adapter = ArrayAdapter(np.arange(3))
    adapter.on_epoch_begin()
    adapter.on_epoch_end()
    adapter.close()
    assert rows(adapter) == [[0, 1, 2]]
