"""Keras on the framework that kmb runs on, and how many objects went both ways.

`KMB_PARITY_SAMPLE` below 1 takes one of ten classes, and the first case of each.
"""

import importlib
import os
from collections import defaultdict

import pytest

from kmb_core.backend import current_backend


@pytest.fixture(scope="session")
def keras():
    """Keras, not imported at the top: the tests are collected in environments without it too, and deselected there."""
    os.environ["KERAS_BACKEND"] = current_backend().name
    module = importlib.import_module("keras")
    assert module.backend.backend() == current_backend().name, "Keras was imported with another backend before"
    return module


@pytest.fixture(params=["kmb reads Keras", "Keras reads kmb"])
def direction(request, keras):
    """(the library that writes, the one that reads)."""
    import kmb_core

    return (keras, kmb_core) if request.param == "kmb reads Keras" else (kmb_core, keras)


@pytest.fixture
def counted(request, record_property):
    """Notes which class of which kind a test is about."""

    def note(kind, name):
        record_property("interchange", f"{kind} {name}")

    return note


def pytest_terminal_summary(terminalreporter):
    """How many of how many classes went both ways."""
    outcomes = defaultdict(list)
    for outcome in ("passed", "failed", "xfailed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for key, value in getattr(report, "user_properties", ()):
                if key == "interchange":
                    outcomes[value].append(outcome == "passed")
    kinds = defaultdict(list)
    for value, passed in outcomes.items():
        kinds[value.split()[0]].append(all(passed))
    for kind, passed in sorted(kinds.items()):
        terminalreporter.write_line(f"interchange: {sum(passed)} of {len(passed)} {kind} go both ways")
