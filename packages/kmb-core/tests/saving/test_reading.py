"""Large arrays are read where they lie in the file; what lies there in another form goes through HDF5."""

import io
import os

import h5py
import ml_dtypes
import numpy as np
import pytest

import kmb_core
from kmb_core.backend.memory import ALIGNMENT, aligned
from kmb_core.saving import stored
from kmb_core.saving.archive import _part
from kmb_core.saving.hdf5 import stored_arrays, write_arrays
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.reading import in_pieces, read_file

VALUES = np.arange(24, dtype="float32").reshape(4, 6)


@pytest.fixture
def places(monkeypatch):
    """Arrays of any size count as large; the list is of those that are read where they lie."""
    found = []

    def read_into(buffer, descriptor, start):
        found.append(start)
        view = memoryview(buffer)
        view[:] = os.pread(descriptor, len(view), start)

    monkeypatch.setattr(stored, "_LARGE", 1)
    monkeypatch.setattr(stored, "read_into", read_into)
    return found


def read(source, out=None):
    with stored_arrays(source, "here", LoadPolicy()) as arrays:
        return arrays["vars/0"].read(out)


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint16", "complex64", ml_dtypes.bfloat16])
def test_plain_arrays_are_read_where_they_lie(tmp_path, places, dtype):
    values = VALUES.astype(dtype)
    write_arrays(tmp_path / "a.h5", {"vars": ("n", {"0": values})})
    with open(tmp_path / "a.h5", "rb") as file:
        found = read(file)
    assert len(places) == 1
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


def test_a_part_of_an_archive_is_read_behind_what_is_in_front_of_it(tmp_path, places):
    write_arrays(tmp_path / "a.h5", {"vars": ("n", {"0": VALUES})})
    content = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "b").write_bytes(b"in front" + content + b"behind")
    with open(tmp_path / "b", "rb") as file:
        np.testing.assert_array_equal(read(_part(file, 8, len(content))), VALUES)
    assert len(places) == 1


ODD = h5py.h5t.IEEE_F32LE.copy()
ODD.set_ebias(63)  # HDF5 converts such numbers; h5py calls them float32


@pytest.mark.parametrize(
    "options",
    [{"dtype": ">f4"}, {"dtype": "?"}, {"compression": "gzip"}, {"chunks": (2, 3)}, {"maxshape": (None, 6)}, "odd"],
)
def test_other_forms_are_put_together_by_hdf5(tmp_path, places, options):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("vars")
        if options == "odd":
            made = h5py.h5d.create(group.id, b"0", ODD, h5py.h5s.create_simple((4, 6)))
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, VALUES)
        else:
            group.create_dataset("0", data=VALUES.astype(options.get("dtype", "f4")), **options)
    with open(tmp_path / "a.h5", "rb") as file:
        found = read(file)
    assert places == []
    np.testing.assert_array_equal(found, VALUES.astype("?") if found.dtype == "?" else VALUES)


def test_a_file_in_memory_and_one_behind_other_contents_are_read_by_hdf5(tmp_path, places):
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file["vars/0"] = VALUES
    with open(tmp_path / "a.h5", "rb") as file:
        np.testing.assert_array_equal(read(file), VALUES)
    np.testing.assert_array_equal(read(io.BytesIO((tmp_path / "a.h5").read_bytes())), VALUES)
    assert places == []


def test_values_go_where_they_are_wanted(tmp_path):
    write_arrays(tmp_path / "a.h5", {"vars": ("n", {"0": VALUES})})
    wanted = np.zeros_like(VALUES)
    with open(tmp_path / "a.h5", "rb") as file:
        assert read(file, wanted) is wanted
    np.testing.assert_array_equal(wanted, VALUES)


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_file_that_ends_too_early_is_noticed(tmp_path, in_memory):
    (tmp_path / "a").write_bytes(b"12345")
    with io.BytesIO(b"12345") if in_memory else open(tmp_path / "a", "rb") as file:
        out = np.zeros(3, "uint8")
        read_file(file, 2, out)
        assert out.tobytes() == b"345"
        with pytest.raises(EOFError, match="too early"):
            read_file(file, 3, out)


def test_pieces_cover_everything_once():
    assert in_pieces(lambda begin, end: (begin, end), 10, threads=3) == [(0, 3), (3, 6), (6, 10)]
    assert in_pieces(lambda begin, end: (begin, end), 10) == [(0, 10)]


@pytest.mark.parametrize("shape", [(), (3, 5)])
def test_new_memory_begins_where_frameworks_want_it(shape):
    made = aligned(shape, "bfloat16")
    assert (made.shape, made.dtype.name, made.ctypes.data % ALIGNMENT) == (shape, "bfloat16", 0)


@pytest.mark.parametrize("ending", [".weights.h5", ".safetensors"])
@pytest.mark.parametrize("shape", [(), (2, 3), (2, 2, 3, 4), (2, 2, 2, 3, 4)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_loaded_values_are_the_variables_own(tmp_path, ending, shape, dtype):
    class Held(kmb_core.layers.Layer):
        def build(self, _=None):
            self.add_weight(shape=shape, dtype=dtype, initializer="ones")

        def call(self, x):
            return x

    layer = Held()
    model = kmb_core.Sequential([kmb_core.Input((1,)), layer])
    values = np.random.default_rng(0).normal(size=shape).astype("float32") * 9
    layer.variables[0].assign(values)
    path = str(tmp_path / f"a{ending}")
    model.save_weights(path)
    saved = np.array(layer.variables[0].numpy())
    layer.variables[0].assign(np.zeros(shape))
    model.load_weights(path)
    os.remove(path)
    np.testing.assert_array_equal(layer.variables[0].numpy(), saved)
    layer.variables[0].assign_add(np.ones(shape))
    np.testing.assert_allclose(layer.variables[0].numpy().astype("float32"), saved.astype("float32") + 1, rtol=1e-2)
