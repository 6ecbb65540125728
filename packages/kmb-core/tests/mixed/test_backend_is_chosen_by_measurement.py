"""`KMB_BACKEND=auto` with several backends: the one measured for a file loads it, and `kmb bench` decides it."""

import os
import subprocess
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.comparison.benchmark import benchmark
from kmb_core.saving import model_to_dict
from kmb_core.saving.fingerprint import fingerprint
from kmb_core.settings import measured

pytestmark = pytest.mark.mixed

QUICK = {"backends": ["numpy"], "seconds": 0.01, "ways": ["eager"], "batch_size": 4}

LOAD = """
import sys, kmb_core
if sys.argv[2]: kmb_core.ops.zeros(1)
model = kmb_core.saving.load_model(sys.argv[1], compile=sys.argv[3] == "compile")
print(model._backend.name, kmb_core.config.backend())
print(*sorted({"jax", "torch", "tensorflow"} & set(sys.modules)))
"""


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A file, measured as fastest on torch to train and on NumPy to predict; another model won on jax later."""
    monkeypatch.setenv("KMB_HOME", str(tmp_path))
    with kmb_core.use_backend("numpy"):
        model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)])
        model.compile("sgd", "mse")
        model.save(tmp_path / "model.keras")
    speeds = {"torch": 9.0, "tensorflow": 2.0}, {"numpy": 9.0, "jax": 8.0}
    measured.record(fingerprint(model_to_dict(model)), "model", *speeds)
    measured.record("other", "other", {"jax": 3.0, "torch": 1.0}, {})
    return tmp_path / "model.keras"


def loaded(path, begun="", compiled="compile"):
    environment = {**os.environ, "KMB_BACKEND": "auto", "KERAS_BACKEND": ""}
    command = [sys.executable, "-c", LOAD, str(path), begun, compiled]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return finished.stdout.splitlines(), finished.stderr


def test_the_process_takes_the_backend_that_trains_the_loaded_model_fastest_and_imports_no_other(saved):
    (names, frameworks), _ = loaded(saved)
    assert names.split() == ["torch", "torch"]
    assert frameworks == "torch"


def test_a_model_that_is_not_to_be_trained_is_loaded_where_it_predicts_fastest(saved):
    (names, frameworks), _ = loaded(saved, compiled="")
    assert names.split() == ["numpy", "numpy"]
    assert frameworks == ""


def test_a_process_that_has_begun_on_the_last_winner_loads_the_model_on_its_own_and_says_so(saved):
    (names, _), said = loaded(saved, begun="yes")
    assert names.split() == ["torch", "jax"]
    assert "the model was fastest on torch, and is loaded on it" in said


def test_a_benchmark_of_several_backends_names_the_fastest_and_auto_takes_it(saved):
    with kmb_core.use_backend("torch"):
        model = kmb_core.saving.load_model(saved)
    found = benchmark(model, backends=["numpy", "torch"], ways=["eager"], seconds=0.01)
    assert [(row.backend, row.error) for row in found.measurements] == [("numpy", ""), ("torch", "")]
    assert found.fastest == "torch"  # NumPy does not train
    assert found.measurements[0].training_refused == "no gradients"
    assert measured.fastest(None, "training", ["numpy", "torch", "jax"]) == "torch"


def test_a_model_is_measured_on_given_data_and_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("KMB_HOME", str(tmp_path / "home"))
    with kmb_core.use_backend("numpy"):
        model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)], name="words")
    before = model.get_weights()
    found = benchmark(model, np.ones((6, 3)), np.zeros((6, 2)), **QUICK, remember=False)
    (row,) = found.measurements
    assert row.error == ""
    assert row.inference.milliseconds_per_step > 0
    assert not (tmp_path / "home").exists()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    text = str(found)
    assert "words, batches of 4" in text
    assert "Fastest inference: numpy, eager." in text


def test_what_fails_in_its_process_is_a_row_with_the_error(tmp_path, monkeypatch):
    monkeypatch.setenv("KMB_HOME", str(tmp_path))
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)])
    (row,) = benchmark(model, np.ones((8, 5), "float32"), **QUICK).measurements
    assert "ShapeError" in row.error
    assert measured.fastest(None, "training", ["numpy"]) is None
