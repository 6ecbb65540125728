"""The public API equals the stored list, and the stubs say what the lazy namespaces do."""

import importlib.util
import json
from pathlib import Path

import pytest

from kmb_core._lazy import TABLES

spec = importlib.util.spec_from_file_location("public_api", Path(__file__).with_name("public_api.py"))
api = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api)
HINT = "python packages/kmb-core/tests/guards/public_api.py writes it anew, if the change is meant"


def test_the_public_api_is_the_stored_one():
    stored, found = json.loads(api.STORED.read_text()), api.public_api()
    changes = [f"gone: {name}" for name in stored.keys() - found.keys()]
    changes += [f"new: {name}" for name in found.keys() - stored.keys()]
    changes += [f"{n}: {stored[n]} → {found[n]}" for n in stored.keys() & found.keys() if stored[n] != found[n]]
    assert not changes, "\n".join([HINT, *sorted(changes)])


def test_every_name_of_a_namespace_can_be_had():
    for namespace, module in api.namespaces().items():
        missing = [name for name in api.public_names(module) if not hasattr(module, name)]
        assert not missing, f"{namespace}: {missing}"


api.namespaces()  # imports them, which fills the table below


@pytest.mark.parametrize("package", sorted(name for name in TABLES if name.partition(".")[0] == "kmb_core"))
def test_the_stub_says_what_the_namespace_does(package):
    assert api.stub_path(package).read_text() == api.stub_text(package), HINT
