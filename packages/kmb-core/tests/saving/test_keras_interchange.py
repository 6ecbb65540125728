"""Files go both ways between kmb and Keras 3, which runs as installed from PyPI in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import kmb_core

pytestmark = pytest.mark.parity

ZOO = Path(__file__).with_name("zoo.py")
SPEC = importlib.util.spec_from_file_location("zoo", ZOO)
zoo = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(zoo)

NAMES = [*zoo.BUILDERS, *zoo.COMPILED]


def keras(action, folder):
    environment = {**os.environ, "KERAS_BACKEND": kmb_core.config.backend()}
    command = [sys.executable, str(ZOO), action, str(folder), json.dumps(NAMES)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-3000:]


@pytest.fixture(scope="module")
def by_keras(tmp_path_factory):
    """A folder of files that Keras wrote."""
    folder = tmp_path_factory.mktemp("by_keras")
    keras("save", folder)
    return folder


@pytest.fixture(scope="module")
def by_kmb(tmp_path_factory):
    """A folder of files that kmb wrote and Keras has read."""
    folder = tmp_path_factory.mktemp("by_kmb")
    zoo.save(kmb_core, folder, NAMES)
    keras("load", folder)
    return folder


def listing(path):
    import h5py

    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: (getattr(item, "shape", None), item.attrs.get("name"))}))
    return found


def assert_read_as_written(folder, name):
    written, read = zoo.read(folder, name), zoo.read(folder, f"{name}-read")
    weights_too = name in zoo.BUILDERS
    assert len(read) == len(written) * (2 if weights_too else 1)
    for expected, found in zip(written * (2 if weights_too else 1), read, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_what_keras_saved_predicts_the_same_here(by_keras, name):
    zoo.load(kmb_core, by_keras, [name])
    assert_read_as_written(by_keras, name)


@pytest.mark.parametrize("name", NAMES)
def test_what_kmb_saved_predicts_the_same_in_keras(by_kmb, name):
    assert_read_as_written(by_kmb, name)


@pytest.mark.parametrize("name", NAMES)
def test_both_put_each_array_in_the_same_place(by_keras, by_kmb, name):
    ours, theirs = listing(by_kmb / f"{name}.weights.h5"), listing(by_keras / f"{name}.weights.h5")
    assert {k: shape for k, (shape, _) in ours.items()} == {k: shape for k, (shape, _) in theirs.items()}
    assert [k for k, (_, n) in ours.items() if n] == [k for k, (_, n) in theirs.items() if n]


def plain(config):
    """A config without what may differ: automatic numbers in names, ids of shared objects, defaults left out."""
    if isinstance(config, dict):
        left_out = {"shared_object_id", "build_config", "compile_config", "date_saved"}
        kept = {key: value for key, value in config.items() if key not in left_out}
        if set(kept) == {"args", "kwargs"}:
            kept["kwargs"] = {key: value for key, value in kept["kwargs"].items() if value is not None}
        if isinstance(kept.get("axis"), list) and len(kept["axis"]) == 1:
            kept["axis"] = kept["axis"][0]  # Keras' LayerNormalization makes a list of it when it is built
        return {key: plain(value) for key, value in kept.items()}
    if isinstance(config, list):
        return [plain(item) for item in config]
    return config.rstrip("0123456789").rstrip("_") if isinstance(config, str) else config


@pytest.mark.parametrize("name", ["sequential", "branches", "convolutions"])
def test_both_write_the_same_config(by_keras, by_kmb, name):
    ours, theirs = (
        json.loads(zipfile.ZipFile(folder / f"{name}.keras").read("config.json")) for folder in (by_kmb, by_keras)
    )
    assert plain(ours) == plain(theirs)


def test_reading_and_writing_again_changes_nothing(by_keras, tmp_path):
    model = kmb_core.saving.load_model(by_keras / "branches.keras")
    model.save(tmp_path / "again.keras")
    again = kmb_core.saving.load_model(tmp_path / "again.keras")
    assert plain(again.get_config()) == plain(model.get_config())
    for a, b in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
