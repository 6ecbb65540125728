"""`benchmark` and `kmb bench` on the backend at hand, in fresh processes, and what "auto" makes of the result."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.cli import main
from kmb_core.comparison import benchmark as module
from kmb_core.comparison.benchmark import Benchmark, Measurement, Speed, benchmark
from kmb_core.errors import StructureError, UnknownBackendError
from kmb_core.plugins import Capability
from kmb_core.saving import model_to_dict
from kmb_core.saving.fingerprint import fingerprint
from kmb_core.settings import measured

REAL = kmb_core.config.backend()
QUICK = {"backends": [REAL], "seconds": 0.01, "ways": ["eager"], "batch_size": 4}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KMB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def classifier():
    inputs = kmb_core.Input((None,), dtype="int32")
    hidden = layers.GlobalAveragePooling1D()(layers.Embedding(7, 3)(inputs))
    model = kmb_core.Model(inputs, layers.Dense(5)(hidden), name="words")
    model.compile("sgd", kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def trains(model):
    return model._backend.supports(Capability.GRADIENTS)


def test_the_command_measures_a_file_with_random_data_prints_json_and_remembers(tmp_path, capsys):
    model = classifier()
    model.save(tmp_path / "words.keras")
    options = ["--backend", REAL, "--way", "eager", "--seconds", "0.01", "--batch-size", "4", "--json"]
    assert main(["bench", str(tmp_path / "words.keras"), *options]) == 0
    shown = json.loads(capsys.readouterr().out)
    (row,) = shown["measurements"]
    assert (shown["fastest"], shown["model"], row["backend"], row["way"]) == (REAL, "words", REAL, "eager")
    assert row["inference"]["samples_per_second"] > 0
    assert row["peak_megabytes"] > 20
    assert (row["training"] is None) != trains(model)
    assert measured.fastest(fingerprint(model_to_dict(model)), "training", [REAL]) == REAL


def test_a_process_that_takes_too_long_is_ended():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)])
    found = benchmark(model, **QUICK, timeout=0.05)
    assert found.measurements[0].error == "ended after 0.05 seconds"
    assert found.fastest is None


def test_classes_that_a_fresh_process_cannot_import_are_named_beforehand():
    class Local(layers.Layer):
        def call(self, x):
            return x

    model = kmb_core.Sequential([kmb_core.Input((3,)), Local()])
    with pytest.raises(StructureError, match=r"cannot import .*Local"):
        benchmark(model, **QUICK)
    with pytest.raises(UnknownBackendError):
        benchmark(classifier(), backends=["nonsense"])


def test_the_command_says_what_is_wrong_with_its_files(tmp_path, capsys):
    assert main(["bench", str(tmp_path / "none.keras")]) == 2
    np.savez(tmp_path / "data.npz", a=np.ones(3))
    classifier().save(tmp_path / "words.keras")
    assert main(["bench", str(tmp_path / "words.keras"), "--data", str(tmp_path / "data.npz")]) == 2
    assert "holds no array 'x'; it holds a" in capsys.readouterr().err


def test_the_fastest_is_found_by_purpose_and_marked():
    def speed(value):
        return Speed(value, 1.0, 0.5)

    rows = [
        Measurement("a", "eager", speed(10.0), speed(200.0), 99.0),
        Measurement("b", "compiled", speed(30.0), speed(100.0), None),
        Measurement("b", "eager", speed(20.0), None, 1.0),
        Measurement("c", "eager", None, speed(1.0), 1.0, training_refused="no gradients"),
        Measurement("d", "eager", error="broken"),
    ]
    found = Benchmark("m", 8, rows)
    assert found.fastest == "b"
    assert found.best("inference").backend == "a"
    assert found.speeds("training") == {"a": 10.0, "b": 30.0}
    text = str(found)
    for line in ("d, eager: broken", "Not trained on c: no gradients.", "Fastest training: b, compiled."):
        assert line in text
    assert Benchmark("m", 8).fastest is None


def test_the_error_of_a_traceback_is_found_between_warnings_and_notes():
    printed = (
        'WARNING: noise: x\nTraceback (most recent call last):\n  File "a"\nkmb.ShapeError: wrong\nin the layer: y\n'
    )
    assert module._last_error(printed) == "kmb.ShapeError: wrong"
    assert module._last_error("killed") == "killed"
    assert module._last_error("") == "no reason given"


CHOICE = "from kmb_core.backend.selection import chosen_name; print(chosen_name())"


def chosen(**variables):
    environment = {**os.environ, "KMB_BACKEND": "auto", "KERAS_BACKEND": "", **variables}
    command = [sys.executable, "-c", CHOICE]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def test_auto_takes_what_won_last_and_without_measurements_the_usual_order_and_says_so():
    first = chosen()
    assert "backend 'auto': nothing was measured yet" in first.stderr
    measured.record("one", "a", {REAL: 1.0}, {})
    second = chosen()
    assert second.stdout.split() == [REAL]
    assert "auto" not in second.stderr


def test_a_fingerprint_knows_the_architecture_and_neither_names_nor_compilation_nor_weights():
    def model(name, units=4, activation="relu"):
        inputs = kmb_core.Input((3,), name=f"{name}_in")
        hidden = layers.Dense(units, activation=activation, name=name, kernel_initializer="ones")(inputs)
        return kmb_core.Model(inputs, layers.Add(name=f"{name}_add")([hidden, hidden]), name=f"{name}_model")

    compiled = model("b")
    compiled.compile("adam", "mse")
    marks = [fingerprint(model_to_dict(m)) for m in (model("a"), compiled, model("a", 5), model("a", 4, "tanh"))]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3
