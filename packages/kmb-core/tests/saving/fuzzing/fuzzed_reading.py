"""Damaged and made-up files read one after the other: KIND FIRST COUNT FOLDER.

Each has to end in an error of kmb's, or be loaded right. Anything else is written to the output; a crash or a hang ends
the process, and the file that did it lies in FOLDER as `last`.
"""

import collections
import faulthandler
import io
import json
import os
import random
import resource
import sys
import tarfile
import zipfile

import h5py
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kmb_core
from kmb_core.errors import KmbError
from kmb_core.saving.hdf5 import stored_arrays, write_arrays
from kmb_core.saving.policy import LoadPolicy
from kmb_core.training.callbacks.run_state import read_state, write_state
from kmb_core.utils.archives import unpack

SECONDS = 60  # for one file
ROOM = 3 << 30  # bytes of address space that reading may take beside what the process has


# Files ---------------------------------------------------------------------------------------------------------------


def model():
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


def small():
    return kmb_core.Sequential([kmb_core.Input((30,)), kmb_core.layers.Dense(20), kmb_core.layers.Dense(2)])


def saved(made, name, folder):
    path = os.path.join(folder, name)
    (made.save if name.endswith(".keras") else made.save_weights)(path)
    with open(path, "rb") as file:
        return file.read()


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


def tar_file(folder, mode="w:gz"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        for name in ("a/b.txt", "a/c.txt", "d" * 120):
            info = tarfile.TarInfo(name)
            info.size = 3000
            archive.addfile(info, io.BytesIO(os.urandom(3000)))
    return target.getvalue()


def zip_file(folder):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/b.txt", "a/c.txt", "d"):
            archive.writestr(name, os.urandom(1500) + bytes(1500))
    return target.getvalue()


def backup(folder):
    path = os.path.join(folder, "backup.npz")
    write_state(path, {"a": np.arange(300.0), "b": [1, "x", None, {"c": np.ones((3, 3), "float32")}]})
    with open(path, "rb") as file:
        return file.read()


# Readers: each returns when what it has read is right --------------------------------------------------------------


def read_model(content, folder):
    found = kmb_core.saving.load_model(written(content, folder, "last.keras"))
    for ours, right in zip(found.get_weights(), EXPECTED[0].get_weights(), strict=True):
        assert np.array_equal(ours, right)


def read_weights(content, folder):
    made = EXPECTED[0]
    before = [value.shape for value in made.get_weights()]
    made.load_weights(written(content, folder, "last.weights.h5"))
    assert [value.shape for value in made.get_weights()] == before


def read_arrays(content, folder):
    written(content, folder, "last.h5")
    with stored_arrays(io.BytesIO(content), "here", LoadPolicy()) as stored:
        for array in stored.values():
            assert array.read().shape == array.shape


def read_archive(content, folder):
    unpack(written(content, folder, "last.archive"), os.path.join(folder, "unpacked"))
    for root, _, names in os.walk(os.path.join(folder, "unpacked")):
        assert not any(os.path.islink(os.path.join(root, name)) for name in names)


def read_backup(content, folder):
    read_state(written(content, folder, "last.npz"))


def written(content, folder, name):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


EXPECTED = []
KINDS = {
    "model": (lambda folder: saved(EXPECTED[0], "m.keras", folder), read_model),
    "weights": (lambda folder: saved(EXPECTED[0], "w.weights.h5", folder), read_weights),
    "arrays": (plain_arrays, read_arrays),
    "compressed": (compressed_arrays, read_arrays),
    "newest": (lambda folder: compressed_arrays(folder, "latest"), read_arrays),
    "tar": (lambda folder: tar_file(folder, "w"), read_archive),
    "tar.gz": (tar_file, read_archive),
    "tar.xz": (lambda folder: tar_file(folder, "w:xz"), read_archive),
    "zip": (zip_file, read_archive),
    "backup": (backup, read_backup),
}


# Damage --------------------------------------------------------------------------------------------------------------


def lengths(content):
    """Where a file is cut: at every 4 KiB, and at every byte of its first and last headers."""
    size = len(content)
    return sorted({*range(0, size, 4096), *range(min(512, size)), *range(max(0, size - 512), size)})


def damaged(content, number):
    cuts = lengths(content)
    if number < len(cuts):
        return content[: cuts[number]]
    chance, changed = random.Random(number), bytearray(content)
    if chance.random() < 0.8:
        for _ in range(chance.choice([1, 1, 1, 2, 4, 16])):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    else:
        place = chance.randrange(len(changed))
        changed[place : place + 8] = chance.choice([b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 7, os.urandom(8)])
    return bytes(changed)


# Configs -------------------------------------------------------------------------------------------------------------

TEXTS = ["", "a", "/etc/passwd", "file:///etc/passwd", "../x", "linear", "float32", "keras.layers", "Dense", "\0", "é"]
NUMBERS = [0, 1, -1, 2, 1 << 20, 1 << 31, 1 << 63, -(1 << 63), 10**30, 0.5, -1.5, float("nan"), float("inf")]
LEAVES = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.integers() | st.sampled_from(TEXTS) | st.text()
NAMES = [
    "module",
    "class_name",
    "config",
    "registered_name",
    "build_config",
    "name",
    "layers",
    "dtype",
    "value",
    "units",
]
KEYS = st.sampled_from(NAMES) | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def replaced(config, path, value):
    if not path:
        return value
    holder = config
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return config


def read_config(config, folder, members):
    text = json.dumps(config).encode("utf-8", "surrogatepass")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in {**members, "config.json": text}.items():
            archive.writestr(name, content)
    kmb_core.saving.load_model(written(target.getvalue(), folder, "last.keras"))


def fuzz_configs(first, count, folder, outcome):
    with zipfile.ZipFile(io.BytesIO(saved(model(), "m.keras", folder))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    plain = json.loads(members["config.json"])
    found = list(places(plain))
    entries = [config for config in (at(plain, path) for path in found) if isinstance(config, dict) and config]

    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(found), VALUES | st.sampled_from(entries))
    def one(path, value):
        outcome(lambda: read_config(replaced(json.loads(members["config.json"]), path, value), folder, members), path)

    __import__("hypothesis").seed(first)(one)()


def at(value, path):
    for key in path:
        value = value[key]
    return value


# Running -------------------------------------------------------------------------------------------------------------


class Outcomes:
    """What became of the files, and what must not."""

    def __init__(self):
        self.counts = collections.Counter()

    def __call__(self, action, which):
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            action()
            self.counts["loaded"] += 1
        except KmbError:
            self.counts["refused"] += 1
        except Exception as error:
            self.counts["wrong"] += 1
            sys.stdout.write(f"{which}: {type(error).__name__}: {str(error)[:200]}\n")
        faulthandler.cancel_dump_traceback_later()


def limit_memory():
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))


def main(kind, first, count, folder):
    faulthandler.enable()
    outcomes = Outcomes()
    kmb_core.utils.set_random_seed(1)
    EXPECTED.append(small())
    if sys.platform == "linux":
        limit_memory()
    if kind == "configs":
        fuzz_configs(int(first), int(count), folder, outcomes)
    else:
        make, read = KINDS[kind]
        content = make(folder)
        for number in range(int(first), int(first) + int(count)):
            outcomes(lambda: read(damaged(content, number), folder), number)  # noqa: B023 - called at once
    sys.stdout.write(json.dumps(outcomes.counts) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
