"""Weights in several files with an index, and as tensors that other libraries read."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import CheckpointError, KmbError, MissingFileError, SecurityError
from kmb_core.saving import sharded

MEBIBYTE_IN_GIGABYTES = 1 / 1024


def model(units=300, seed=1):
    kmb_core.utils.set_random_seed(seed)
    first = layers.Dense(units, activation="relu", name="first")
    model = kmb_core.Sequential([kmb_core.Input((600,)), first, layers.BatchNormalization(), layers.Dense(400)])
    model.add(layers.Dense(3, name="last"))
    return model


@pytest.fixture(scope="module")
def saved():
    return model()


def weights(model):
    return [variable.numpy() for variable in model.variables]


def same(one, other):
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def shards(saved, tmp_path):
    path = tmp_path / "ünï cøde.weights.json"
    saved.save_weights(path, max_shard_size=MEBIBYTE_IN_GIGABYTES)
    return path


def files(path):
    return sorted(name for name in os.listdir(path.parent) if name.endswith(".h5"))


def test_several_files_hold_what_one_would(saved, shards):
    assert len(files(shards)) == 2
    assert all(os.path.getsize(shards.parent / name) < 1.1 * 2**20 for name in files(shards))
    other = model(seed=2)
    other.load_weights(shards)
    same(other, saved)


def test_the_next_set_replaces_all_files_of_the_last(saved, shards):
    saved.save_weights(shards, max_shard_size=1)
    assert files(shards) == ["ünï cøde_00000.weights.h5"]
    assert sorted(os.listdir(shards.parent)) == ["ünï cøde.weights.json", "ünï cøde_00000.weights.h5"]
    other = model(seed=2)
    other.load_weights(shards)
    same(other, saved)


def test_an_array_that_no_file_may_hold_is_refused_and_the_old_set_stays(saved, shards):
    before = files(shards)
    with pytest.raises(CheckpointError, match="max_shard_size"):
        saved.save_weights(shards, max_shard_size=MEBIBYTE_IN_GIGABYTES / 100)
    assert files(shards) == before
    model(seed=2).load_weights(shards)


def test_a_missing_file_of_a_set_is_named(shards):
    (shards.parent / files(shards)[1]).unlink()
    with pytest.raises(MissingFileError, match="ünï cøde_00001"):
        model().load_weights(shards)


@pytest.mark.parametrize("name", ["../elsewhere.weights.h5", "/etc/passwd.h5", ".hidden.h5", "other.txt", 5, ["a"]])
def test_an_index_leads_nowhere_but_to_its_own_folder(shards, name):
    index = json.loads(shards.read_text())
    index["weight_map"] = {key: [name] for key in index["weight_map"]}
    shards.write_text(json.dumps(index))
    with pytest.raises(SecurityError, match="is refused"):
        model().load_weights(shards)


def test_a_link_among_the_files_is_refused(shards):
    first = shards.parent / files(shards)[0]
    first.rename(shards.parent / "real")
    first.symlink_to(shards.parent / "real")
    with pytest.raises(SecurityError, match="link"):
        model().load_weights(shards)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', "[" * 100_000])
def test_a_damaged_index_is_told(shards, text):
    shards.write_text(text)
    with pytest.raises(CheckpointError, match="is no index"):
        model().load_weights(shards)


def test_files_of_two_savings_are_not_mixed(saved, shards, tmp_path):
    (tmp_path / "other").mkdir()
    model(seed=5).save_weights(tmp_path / "other" / shards.name, max_shard_size=MEBIBYTE_IN_GIGABYTES)
    os.replace(tmp_path / "other" / files(shards)[0], shards.parent / files(shards)[0])
    with pytest.raises(CheckpointError, match="another saving"):
        model().load_weights(shards)


def test_tensors_are_named_by_path_and_come_back(saved, tmp_path):
    path = tmp_path / "model.safetensors"
    saved.save_weights(path)
    size = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + size])
    named = {name: entry for name, entry in header.items() if name != "__metadata__"}
    assert any(name.endswith("kernel") and entry["shape"] == [600, 300] for name, entry in named.items())
    assert max(entry["data_offsets"][1] for entry in named.values()) == path.stat().st_size - 8 - size
    other = model(seed=2)
    other.load_weights(path)
    same(other, saved)


def test_tensors_keep_short_dtypes(tmp_path):
    short = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(3, dtype="bfloat16")])
    short.save_weights(tmp_path / "short.safetensors")
    other = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(3, dtype="bfloat16")])
    other.load_weights(tmp_path / "short.safetensors")
    same(other, short)


def test_tensors_that_do_not_fit_are_listed_together(saved, tmp_path):
    saved.save_weights(tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"600, 300"):
        model(units=301).load_weights(tmp_path / "model.safetensors")


@pytest.mark.parametrize("end", [0, 4, 8, 9, 100, 400, 2000, -1])
def test_truncated_tensors_are_refused(saved, tmp_path, end):
    path = tmp_path / "model.safetensors"
    saved.save_weights(path)
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(KmbError, match=r"model\.safetensors"):
        model().load_weights(path)


@pytest.mark.parametrize("offsets", [[0, 10**15], [-4, 0], [8, 4], ["0", 4], [0]])
def test_offsets_that_lie_outside_are_refused(tmp_path, offsets):
    path = tmp_path / "model.safetensors"
    header = json.dumps({"a.kernel": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(KmbError, match=r"model\.safetensors"):
        model().load_weights(path)


def test_layers_in_nested_containers_are_all_saved(tmp_path):
    class Holder(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = {"a": [layers.Dense(2), (layers.Dense(3), {"b": layers.Dense(4)})]}

        def call(self, x):
            one, (two, last) = self.parts["a"]
            return last["b"](two(one(x)))

    nested = kmb_core.Sequential([kmb_core.Input((4,)), Holder()])
    other = kmb_core.Sequential([kmb_core.Input((4,)), Holder()])
    nested.save_weights(tmp_path / "nested.weights.h5")
    other.load_weights(tmp_path / "nested.weights.h5")
    same(other, nested)


KERAS = """
import sys
import keras, numpy as np
layers = keras.layers
model = keras.Sequential([keras.Input((600,)), layers.Dense(300, activation="relu", name="first")])
model.add(layers.BatchNormalization())
model.add(layers.Dense(400))
model.add(layers.Dense(3, name="last"))
model.load_weights(sys.argv[1])
model.layers[0].kernel.assign(model.layers[0].kernel.numpy() + 1)
model.save_weights(sys.argv[2], max_shard_size=1 / 1024)
"""


@pytest.mark.parity
def test_keras_reads_several_files_and_writes_them(saved, shards, tmp_path):
    theirs = tmp_path / "theirs.weights.json"
    environment = {**os.environ, "KERAS_BACKEND": kmb_core.config.backend()}
    command = [sys.executable, "-c", KERAS, str(shards), str(theirs)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-3000:]
    other = model(seed=2)
    other.load_weights(theirs)
    first, *rest = weights(other)
    np.testing.assert_allclose(first, weights(saved)[0] + 1, rtol=1e-6)
    for one, two in zip(rest, weights(saved)[1:], strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_set_that_is_replaced_while_it_is_read_is_read_again(saved, shards, monkeypatch):
    opened, values = sharded._shard, weights(saved)

    def meanwhile(stack, path, name, *rest):
        if name.endswith("_00000.weights.h5"):
            monkeypatch.setattr(sharded, "_shard", opened)
            saved.save_weights(shards, max_shard_size=MEBIBYTE_IN_GIGABYTES)  # another process, at a bad moment
        return opened(stack, path, name, *rest)

    monkeypatch.setattr(sharded, "_shard", meanwhile)
    other = model()
    other.load_weights(shards)
    for found, right in zip(weights(other), values, strict=True):
        np.testing.assert_array_equal(found, right)
