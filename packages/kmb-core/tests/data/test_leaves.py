"""What streams give becomes arrays where the step could not take it; what it can take passes untouched."""

import numpy as np
import pytest
import scipy.sparse

import kmb_core
from kmb_core.backend import current_backend
from kmb_core.data import make_adapter
from kmb_core.data.leaves import batch_reader
from kmb_core.errors import StructureError

X = np.arange(6, dtype="float32").reshape(3, 2)


class Table:
    """As pandas, polars and pyarrow have them, as far as is looked at."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def to_numpy(self):
        return self.array

    def __array__(self, dtype=None, copy=None):
        return self.array


class Tensor:
    """Of a framework that is none of ours."""

    dtype = "float32"

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __dlpack__(self, **options):
        raise NotImplementedError

    def __array__(self, dtype=None, copy=None):
        return self.array

    def __getitem__(self, rows):
        return Tensor(self.array[rows])


def read(item, source=None, backend=None):
    return batch_reader(iter(()) if source is None else source, backend or current_backend())(item)


def test_arrays_and_native_tensors_pass_as_the_very_same_objects():
    tensor = kmb_core.ops.convert_to_tensor(X)
    kmb_core.ops.add(tensor, 1.0)
    for item in ((X,), (X, tensor), ({"a": X, "b": tensor}, [X, X], None)):
        got = read(item)
        assert all(a is b for a, b in zip(got, item, strict=True))


@pytest.mark.parametrize("root", ["pandas", "polars", "pyarrow"])
def test_tables_become_arrays_and_a_single_column_keeps_an_axis(root, monkeypatch):
    monkeypatch.setattr(Table, "__module__", f"{root}.core.frame")
    x, (y,) = read((Table(X), [Table(X[:, 0])]))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, X[:, :1])
    ((rows, labels),) = make_adapter(Table(X), Table(X[:, 0]), backend=current_backend()).batches()
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(labels, X[:, :1])


def test_sparse_matrices_lists_and_foreign_tensors_of_a_stream_become_arrays():
    x, y = read(({"sparse": scipy.sparse.csr_matrix(X), "list": X.tolist()}, Tensor(X)))
    for got in (x["sparse"], x["list"], y):
        assert type(got) is np.ndarray
        np.testing.assert_array_equal(got, X)


def test_foreign_tensors_in_memory_become_arrays_and_unknown_backends_let_them_be():
    ((batch,),) = make_adapter(Tensor(X), backend=current_backend(), shuffle=True).batches()
    assert type(batch) is np.ndarray
    assert sorted(batch[:, 0].tolist()) == [0, 2, 4]
    ((batch,),) = make_adapter(Tensor(X)).batches()
    assert type(batch) is Tensor


def test_what_collates_samples_gives_lists_as_batches_and_datasets_give_x_alone():
    class Loader:
        collate_fn = None

        def __init__(self, item):
            self.item = item

        def __iter__(self):
            return iter([self.item])

        def __len__(self):
            raise TypeError("it is endless")

    adapter = make_adapter(Loader([X, X]), backend=current_backend())
    assert adapter.num_batches is None
    assert [len(batch) for batch in adapter.batches()] == [2]
    assert [len(batch) for batch in make_adapter(Loader(X)).batches()] == [1]
    with pytest.raises(StructureError, match="got list"):
        make_adapter(iter([[X, X]]))


@pytest.mark.parametrize("item", [X, [X, X], (), (X, X, X, X), {"x": X}])
def test_items_of_a_generator_that_are_no_batch_are_refused(item):
    with pytest.raises(StructureError, match=r"must be a tuple \(x,\)"):
        read(item)
