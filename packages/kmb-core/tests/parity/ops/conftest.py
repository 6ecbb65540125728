"""Keras on the framework that kmb runs on; how much is compared, and how much was.

`KMB_PARITY_SAMPLE` is the share of an op's calls that are made, 1 when it is not set. Entries of the table that no call
shows are told only where all calls are made.
"""

import importlib
import os

import pytest

from kmb_core.backend import current_backend

COMPARED = pytest.StashKey[dict[str, int]]()


@pytest.fixture(scope="session")
def keras():
    """Keras, not imported at the top: the tests are collected in environments without it too, and deselected there."""
    os.environ["KERAS_BACKEND"] = current_backend().name
    module = importlib.import_module("keras")
    assert module.backend.backend() == current_backend().name, "Keras was imported with another backend before"
    return module


@pytest.fixture(scope="session")
def fraction() -> float:
    return float(os.environ.get("KMB_PARITY_SAMPLE", "1"))


@pytest.fixture
def compared_calls(request) -> dict[str, int]:
    """How many calls of each op were compared, for the summary."""
    return request.config.stash.setdefault(COMPARED, {})


def pytest_terminal_summary(terminalreporter, config):
    counts = config.stash.get(COMPARED, {})
    if counts:
        name = current_backend().name
        total = sum(counts.values())
        terminalreporter.write_line(f"parity on {name}: {len(counts)} operations, {total} calls compared")
