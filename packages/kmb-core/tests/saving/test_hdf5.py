"""Only plain arrays inside the file are read."""

import io
import zlib

import h5py
import ml_dtypes
import numpy as np
import pytest

from kmb_core.errors import CheckpointError, SecurityError
from kmb_core.saving import hdf5, isolated
from kmb_core.saving.archive import _Window
from kmb_core.saving.hdf5 import stored_arrays, write_arrays
from kmb_core.saving.policy import UNLIMITED, LoadPolicy


def read_all(path, policy=None):
    with open(path, "rb") as file, stored_arrays(file, "here", policy or LoadPolicy()) as stored:
        return {name: array.read() for name, array in stored.items()}


@pytest.mark.parametrize(
    "dtype",
    [
        *["bool", "int8", "uint8", "int32", "int64", "float16", "float32", "float64", "complex64"],
        *[ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2],
    ],
)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (2, 3)])
def test_arrays_come_back_bit_for_bit(tmp_path, dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    write_arrays(tmp_path / "a.h5", {"vars": ("n", {"0": array})})
    found = read_all(tmp_path / "a.h5", UNLIMITED)["vars/0"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


def test_sixteen_bit_floats_are_raw_bytes_with_a_name_as_keras_has_it(tmp_path):
    write_arrays(tmp_path / "a.h5", {"vars": ("n", {"0": np.ones((2,), ml_dtypes.bfloat16)})})
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["vars/0"].dtype == np.dtype("V2")
        assert file["vars/0"].attrs["dtype"] == "bfloat16"
        assert file["vars"].attrs["name"] == "n"


def test_arrays_may_be_made_when_they_are_written():
    target = io.BytesIO()
    write_arrays(target, {"a/vars": ("n", {"0": lambda: np.ones(3)})})
    target.seek(0)
    with stored_arrays(target, "here", LoadPolicy()) as stored:
        assert stored["a/vars/0"].read().tolist() == [1, 1, 1]


def test_text_cannot_be_saved(tmp_path):
    with pytest.raises(CheckpointError, match="numbers can"):
        write_arrays(tmp_path / "a.h5", {"vars": ("n", {"0": np.array(["x"])})})


def soft_link(file, folder):
    file["a"] = np.ones(3)
    file["link"] = h5py.SoftLink("/a")


def external_link(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["a"] = np.ones(3)
    file["link"] = h5py.ExternalLink(str(folder / "other.h5"), "a")


def external_storage(file, folder):
    (folder / "raw").write_bytes(b"\0" * 24)
    file.create_dataset("a", (3,), "float64", external=[(str(folder / "raw"), 0, 24)])


def virtual(file, folder):
    layout = h5py.VirtualLayout(shape=(3,), dtype="float64")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "a", shape=(3,))
    file.create_virtual_dataset("a", layout)


def text(file, folder):
    file["a"] = "text"


def objects(file, folder):
    file["b"] = 1
    file.create_dataset("a", (1,), dtype=h5py.ref_dtype)[0] = file["b"].ref


def compound(file, folder):
    file["a"] = np.zeros(3, [("x", "f4"), ("y", "i4")])


def named_type(file, folder):
    file["a"] = np.dtype("float32")


def raw_bytes(file, folder):
    file["a"] = np.zeros(3, "V2")


def raw_bytes_of_a_wrong_name(file, folder):
    file["a"] = np.zeros(3, "V2")
    file["a"].attrs["dtype"] = "float32"


def no_shape(file, folder):
    file["a"] = h5py.Empty("float32")


def circle(file, folder):
    file.create_group("a")["again"] = file["/"]


HOSTILE = [
    soft_link, external_link, external_storage, virtual, text, objects, compound, named_type, raw_bytes,
    raw_bytes_of_a_wrong_name, no_shape, circle,
]  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE)
def test_what_no_file_of_weights_needs_is_refused(tmp_path, make):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file, tmp_path)
    with pytest.raises(SecurityError, match="here is refused"):
        read_all(tmp_path / "a.h5")


def test_usual_compression_is_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("gzip", "lzf"):
            file.create_dataset(name, data=np.arange(1000), compression=name, shuffle=True, fletcher32=True)
    assert all((array == np.arange(1000)).all() for array in read_all(tmp_path / "a.h5").values())


def test_filters_of_plugins_are_refused(tmp_path):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((10,))
    properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())  # zstd, which has to be loaded
    with h5py.File(tmp_path / "a.h5", "w") as file:
        space = h5py.h5s.create_simple((10,))
        h5py.h5d.create(file.id, b"a", h5py.h5t.NATIVE_FLOAT, space, properties)
    with pytest.raises(SecurityError, match="plugins"):
        read_all(tmp_path / "a.h5")


def test_the_number_of_objects_is_limited(tmp_path):
    write_arrays(tmp_path / "a.h5", {f"g{i}/vars": ("n", {"0": np.ones(1)}) for i in range(10)})
    assert len(read_all(tmp_path / "a.h5")) == 10
    with pytest.raises(SecurityError, match="more than 20"):
        read_all(tmp_path / "a.h5", LoadPolicy(max_objects=20))


def test_arrays_that_are_declared_much_larger_than_the_file_are_refused_before_they_are_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("vars/0", (1 << 24,), "float64", chunks=(1024,))
    with pytest.raises(SecurityError, match=r"'vars/0' of shape \(16777216,\).*128 MiB; the limit .* is 64"):
        read_all(tmp_path / "a.h5")
    assert read_all(tmp_path / "a.h5", LoadPolicy(free_bytes=1 << 30))["vars/0"].shape == (1 << 24,)


def test_one_value_in_a_huge_chunk_counts_as_the_chunk(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", (1,), "float64", chunks=(1 << 24,), maxshape=(None,), compression="gzip")
    with pytest.raises(SecurityError, match="128 MiB"):
        read_all(tmp_path / "a.h5")


def test_a_chunk_that_unpacks_to_more_than_its_size_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        bomb = file.create_dataset("a", (10,), "float64", chunks=(10,), compression="gzip")
        bomb.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 24)))
    with pytest.raises(SecurityError, match="here is refused: '/a' unpacks to more than the file states"):
        read_all(tmp_path / "a.h5")


def test_a_group_with_two_names_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["b"] = file.create_group("a")
    with pytest.raises(SecurityError, match="two names"):
        read_all(tmp_path / "a.h5")


def test_large_groups_of_the_newer_format_are_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        for index in range(20):
            file[f"vars/{index}"] = np.full(2, index)
    assert len(read_all(tmp_path / "a.h5")) == 20


@pytest.mark.parametrize("walk", ["import os; os.abort()", "import time; time.sleep(9)"])
def test_such_a_group_that_makes_hdf5_crash_or_hang_is_refused(tmp_path, monkeypatch, walk):
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        for index in range(20):
            file[f"vars/{index}"] = np.full(2, index)
    monkeypatch.setattr(isolated, "_WALK", walk)
    monkeypatch.setattr(isolated, "SECONDS", 1)
    with pytest.raises(SecurityError, match="here is refused: 'vars/' makes HDF5 crash"):
        read_all(tmp_path / "a.h5")


def endless_heap(path):
    """A file whose heap of texts has a part of no length, over which HDF5 never gets."""
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros(3, "V2")
        file["a"].attrs["dtype"] = "bfloat16"
    content = bytearray(path.read_bytes())
    first = content.index(b"GCOL") + 16  # a number of 2 bytes, 2 of references, 4 of nothing, 8 of the length
    content[first : first + 2] = bytes(2)
    content[first + 8 : first + 16] = bytes(8)
    path.write_bytes(content)


def test_a_text_that_makes_hdf5_go_on_for_ever_is_refused(tmp_path, monkeypatch):
    endless_heap(tmp_path / "a.h5")
    monkeypatch.setattr(isolated, "SECONDS", 2)
    with pytest.raises(SecurityError, match="here is refused: 'a' makes HDF5 crash or hang"):
        read_all(tmp_path / "a.h5")


def test_texts_are_tried_in_another_process_where_the_file_is_in_memory_or_a_part_of_one(tmp_path, monkeypatch):
    tried = []
    real = isolated.survives
    monkeypatch.setattr(hdf5, "survives", lambda source: tried.append(real(source)) or tried[-1])
    values = np.ones(3, ml_dtypes.bfloat16)
    inner = io.BytesIO()
    write_arrays(inner, {"a/vars": ("n", {"0": values, "1": values})})
    path = tmp_path / "whole"
    path.write_bytes(b"before" * 100 + inner.getvalue() + b"after")
    with open(path, "rb") as file:
        part = io.BufferedReader(_Window(file, 600, len(inner.getvalue())))
        for source in (inner, part):
            with stored_arrays(source, "here", LoadPolicy()) as stored:
                assert [(array.read() == values).all() for array in stored.values()] == [True, True]
    assert tried == [True, True]  # once for a file


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 500])
def test_garbage_is_refused(tmp_path, content):
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(CheckpointError, match="here is no HDF5 file"):
        read_all(tmp_path / "a.h5")


def test_a_truncated_file_is_refused(tmp_path):
    write_arrays(tmp_path / "a.h5", {f"g{i}/vars": ("n", {"0": np.ones(100)}) for i in range(5)})
    content = (tmp_path / "a.h5").read_bytes()
    for size in range(0, len(content), len(content) // 10):
        (tmp_path / "a.h5").write_bytes(content[:size])
        with pytest.raises(CheckpointError, match="here"):
            read_all(tmp_path / "a.h5")


def test_the_layout_before_keras_3_is_recognised(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["layer_names"] = [b"dense"]
    with pytest.raises(CheckpointError, match="old HDF5 layout"):
        read_all(tmp_path / "a.h5")
