"""Logs that are read late: what is computed, when, and how often."""

import numpy as np
import pytest

from kmb_core.training.logs import Logs, as_number


class Scalar:
    """Stands for a device scalar: counts how often it is waited for."""

    def __init__(self, value):
        self.value, self.reads, self.shape = value, 0, ()

    def __float__(self):
        self.reads += 1
        return float(self.value)


def test_nothing_is_computed_before_something_is_read():
    called = []
    Logs(lambda: called.append(1) or {})
    assert called == []


def test_the_source_is_called_once():
    called = []
    logs = Logs(lambda: called.append(1) or {"a": 1, "b": 2})
    assert dict(logs) == {"a": 1.0, "b": 2.0}
    assert len(logs) == 2
    assert "a" in logs
    assert called == [1]


def test_only_the_item_that_is_read_is_waited_for_and_only_once():
    loss, accuracy = Scalar(0.5), Scalar(0.9)
    logs = Logs({"loss": loss, "accuracy": accuracy})
    assert "loss" in logs
    assert list(logs) == ["loss", "accuracy"]
    assert (loss.reads, accuracy.reads) == (0, 0)
    assert logs["loss"] == 0.5
    assert logs.get("loss") == 0.5
    assert (loss.reads, accuracy.reads) == (1, 0)


def test_values_are_python_floats():
    logs = Logs({"a": np.float32(0.25), "b": np.array(2), "c": 3})
    assert [type(value) for value in logs.values()] == [float, float, float]


def test_a_metric_of_several_values_stays_an_array():
    assert Logs({"f1": np.array([0.5, 1.0])})["f1"].tolist() == [0.5, 1.0]


def test_callbacks_may_add_and_remove_values():
    source = {"loss": np.float32(1)}
    logs = Logs(source)
    logs["learning_rate"] = np.float32(0.5)
    assert logs.copy() == {"loss": 1.0, "learning_rate": 0.5}
    logs["loss"] = 2
    assert logs["loss"] == 2.0
    del logs["loss"]
    assert dict(logs) == {"learning_rate": 0.5}
    assert list(source) == ["loss"]


def test_an_unknown_name_is_a_key_error_and_none_by_get():
    with pytest.raises(KeyError):
        Logs({})["loss"]
    assert Logs({}).get("loss") is None
    assert not Logs({})


def test_what_is_no_number_stays_as_it_is():
    assert as_number(None) is None
    assert as_number("text") == "text"
    assert as_number([1]) == [1]
