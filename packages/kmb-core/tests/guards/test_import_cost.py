"""`import kmb_core` loads little, counted in modules; time is a matter for benchmarks/import_time.py."""

import json
import subprocess
import sys

import pytest

IMPORT = """
import sys
before = set(sys.modules)
{statement}
loaded = sorted(set(sys.modules) - before)
import json
print(json.dumps(loaded))
"""
MODULES = 350
NOT_YET = {"torch", "jax", "jaxlib", "tensorflow", "keras", "h5py", "rich", "pandas", "sklearn", "scipy"}


def modules_loaded_by(statement):
    """The names of the modules that a fresh interpreter loads for `statement`."""
    command = [sys.executable, "-c", IMPORT.format(statement=statement)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def loaded():
    return modules_loaded_by("import kmb_core")


def test_importing_the_core_loads_few_modules(loaded):
    assert "kmb_core" in loaded
    assert len(loaded) < MODULES


def test_importing_the_core_loads_no_framework_and_nothing_heavy(loaded):
    assert NOT_YET & set(loaded) == set()


def test_importing_the_core_loads_no_backend(loaded):
    assert [name for name in loaded if name.startswith("kmb_backend_")] == []


def test_importing_the_core_prints_nothing():
    finished = subprocess.run([sys.executable, "-c", "import kmb_core"], capture_output=True, text=True, check=True)
    assert finished.stdout + finished.stderr == ""


def test_a_module_that_is_loaded_would_be_seen():
    assert "colorsys" in modules_loaded_by("import colorsys")
