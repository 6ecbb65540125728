"""Keras on the framework that kmb runs on; how much is compared, and how much was.

`KMB_PARITY_SAMPLE` is the share of an op's calls that are made, 1 when it is not set. Entries of the table that no call
shows are told only where all calls are made.
"""

import importlib
import os

import pytest

from kmb_core.backend import current_backend


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


def pytest_terminal_summary(terminalreporter):
    """How much was compared; tests that ran in other processes tell it by their properties too."""
    reports = [report for group in ("passed", "failed") for report in terminalreporter.stats.get(group, ())]
    counts = [value for report in reports for key, value in report.user_properties if key == "compared calls"]
    if counts:
        name = current_backend().name
        terminalreporter.write_line(f"parity on {name}: {len(counts)} operations, {sum(counts)} calls compared")
