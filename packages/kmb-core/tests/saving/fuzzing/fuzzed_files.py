"""The files that are damaged, and their readers: each returns when what it has read is right.

Where a format has checksums (`.keras`, archives), right means that all values are those that were saved. The others
notice a cut, and damage to what describes the arrays; a bit that flips within the numbers themselves they cannot see,
so that names, shapes and dtypes are compared there.
"""

import io
import json
import os
import shutil
import tarfile
import zipfile
from functools import cache

import h5py
import numpy as np

import kmb_core
from kmb_core.saving.hdf5 import stored_arrays, write_arrays
from kmb_core.saving.legacy_hdf5 import stored_layers
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.safetensors import stored_tensors
from kmb_core.training.callbacks.run_state import read_state, write_state
from kmb_core.utils.archives import unpack

RANDOM = np.random.RandomState(7)


# Files ---------------------------------------------------------------------------------------------------------------


def unfilled():
    return kmb_core.Sequential([kmb_core.Input((60,)), kmb_core.layers.Dense(100), kmb_core.layers.Dense(2)])


@cache
def small():
    made = unfilled()
    made.set_weights([RANDOM.uniform(-1, 1, value.shape).astype("float32") for value in made.get_weights()])
    return made


receiver = cache(unfilled)  # of weights


@cache
def right_values():
    return small().get_weights()


def large():
    layers = kmb_core.layers
    words = kmb_core.Input((2,), dtype="string", name="words")
    numbers = layers.StringLookup(vocabulary=["a", "b"], name="lookup")(words)
    x = layers.Embedding(4, 3, name="embedding")(numbers)
    x = layers.MultiHeadAttention(1, 2, name="attention")(x, x)
    x = layers.Conv1D(3, 2, name="convolution")(x)
    x = layers.BatchNormalization(name="normalization")(layers.LayerNormalization(name="norm")(x))
    x = layers.Bidirectional(layers.LSTM(2), name="both")(x)
    x = layers.Dropout(0.5, name="dropout")(layers.Dense(3, "relu", name="dense")(x))
    made = kmb_core.Model(words, layers.Dense(1, name="head")(x + 1.0), name="fuzzed")
    made.compile("adam", "mse", metrics=["mae"])
    return made


def saved(made, name, folder, **options):
    path = os.path.join(folder, name)
    (made.save if name.endswith(".keras") else made.save_weights)(path, **options)
    return contents(path)


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def written(content, folder, name):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


@cache
def shards(folder):
    """The files of a set and their index, by name."""
    saved(small(), "s.weights.json", folder, max_shard_size=24_100 / (1 << 30))
    names = sorted(name for name in os.listdir(folder) if name.startswith("s") and ".weights." in name)
    return names, [contents(os.path.join(folder, name)) for name in names]


def all_shards(folder):
    return b"".join(shards(folder)[1])  # so that damage meets any of them


def plain_arrays(folder):
    target = io.BytesIO()
    groups = {f"layers/dense_{i}/vars": ("n", {"0": np.ones((20, 10), "float32"), "1": np.zeros(3)}) for i in range(6)}
    write_arrays(target, groups)
    return target.getvalue()


def compressed_arrays(folder, version="earliest"):
    target = io.BytesIO()
    with h5py.File(target, "w", libver=version) as file:
        values = np.arange(4000.0).reshape(40, 100)
        file.create_dataset("a/gzip", data=values, compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("a/lzf", data=values, compression="lzf")
        file.create_dataset("a/chunks", data=values, chunks=(3, 7))
        file["a/raw"] = np.zeros(3, "V2")
        file["a/raw"].attrs["dtype"] = "bfloat16"
        for index in range(20):
            file[f"g/{index}"] = np.ones(3)
    return target.getvalue()


def old_layout(folder):
    target = io.BytesIO()
    with h5py.File(target, "w", libver=("earliest", "latest")) as file:
        file.attrs["layer_names"] = np.array([b"dense", b"head"])
        for layer in ("dense", "head"):
            names = [f"{layer}/kernel:0", f"{layer}/bias:0"]
            file.create_group(layer).attrs["weight_names"] = np.array([name.encode() for name in names])
            for name in names:
                file[f"{layer}/{name}"] = np.ones((20, 10), "float32")
    return target.getvalue()


def tar_file(folder, mode="w:gz"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        for name in ("a/b.txt", "a/c.txt", "d" * 120):
            info = tarfile.TarInfo(name)
            info.size = 3000
            archive.addfile(info, io.BytesIO(RANDOM.bytes(3000)))
    return target.getvalue()


def zip_file(folder):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/b.txt", "a/c.txt", "d"):
            archive.writestr(name, RANDOM.bytes(1500) + bytes(1500))
    return target.getvalue()


STATE = {"a": np.arange(300.0), "b": [1, "x", None, {"c": np.ones((3, 3), "float32")}]}


def backup(folder):
    path = os.path.join(folder, "backup.npz")
    write_state(path, STATE)
    return contents(path)


# Readers -------------------------------------------------------------------------------------------------------------


def read_model(content, folder, cut):
    assert_right(kmb_core.saving.load_model(written(content, folder, "last.keras")).get_weights())


def read_weights(content, folder, cut, name="last.weights.h5"):
    written(content, folder, name)
    load_again(os.path.join(folder, name), cut)


def read_shards(content, folder, cut):
    names, whole = shards(folder)
    start = 0
    for name, one in zip(names, whole, strict=True):
        changed = content[start : start + len(one)]
        written(changed or one, folder, name)  # what lies behind the cut is whole: one file of a set is cut
        start += len(one)
    load_again(os.path.join(folder, "s.weights.json"), cut)


def load_again(path, cut):
    made = receiver()
    made.set_weights([np.zeros_like(value) for value in right_values()])
    made.load_weights(path)
    assert_right(made.get_weights(), values=cut)


def assert_right(found, values=True):
    for ours, right in zip(found, right_values(), strict=True):
        assert (ours.shape, ours.dtype) == (right.shape, right.dtype)
        assert not values or np.array_equal(ours, right)


def read_arrays(content, folder, cut):
    written(content, folder, "last.h5")
    with stored_arrays(io.BytesIO(content), "here", LoadPolicy()) as stored:
        assert_as_announced(stored.values())


def read_layers(content, folder, cut):
    written(content, folder, "last.h5")
    with stored_layers(io.BytesIO(content), "here", LoadPolicy()) as layers:
        assert_as_announced(array for _, arrays in layers for _, array in arrays)


def read_tensors(content, folder, cut):
    path = written(content, folder, "last.safetensors")
    with open(path, "rb") as file, stored_tensors(file, "here", LoadPolicy()) as (tensors, _):
        assert_as_announced(tensors.values())
    load_again(path, cut)


def assert_as_announced(arrays):
    for array in arrays:
        found = array.read()
        assert (found.shape, found.dtype.name) == (array.shape, array.dtype)


def read_archive(content, folder, cut):
    target = os.path.join(folder, "unpacked")
    shutil.rmtree(target, ignore_errors=True)
    unpack(written(content, folder, "last.archive"), target)
    for root, _, names in os.walk(target):
        assert not any(os.path.islink(os.path.join(root, name)) for name in names)


def read_backup(content, folder, cut):
    found = read_state(written(content, folder, "last.npz"))
    assert json.dumps(found, default=np.ndarray.tolist) == json.dumps(STATE, default=np.ndarray.tolist)


KINDS = {
    "model": (lambda folder: saved(small(), "m.keras", folder), read_model),
    "weights": (lambda folder: saved(small(), "w.weights.h5", folder), read_weights),
    "shards": (all_shards, read_shards),
    "tensors": (lambda folder: saved(small(), "t.safetensors", folder), read_tensors),
    "arrays": (plain_arrays, read_arrays),
    "compressed": (compressed_arrays, read_arrays),
    "newest": (lambda folder: compressed_arrays(folder, "latest"), read_arrays),
    "layers": (old_layout, read_layers),
    "tar": (lambda folder: tar_file(folder, "w"), read_archive),
    "tar.gz": (tar_file, read_archive),
    "tar.xz": (lambda folder: tar_file(folder, "w:xz"), read_archive),
    "zip": (zip_file, read_archive),
    "backup": (backup, read_backup),
}
