"""However a file is damaged or made up, it is read right or refused with an error of kmb's.

A sample is read here; `nox -s fuzz` reads thousands of each kind.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of a process's memory")
SCRIPT = Path(__file__).with_name("fuzzed_reading.py")
FILES = int(os.environ.get("KMB_FUZZ", "8"))
FIRST = int(os.environ.get("KMB_FUZZ_FIRST", "0"))
KINDS = ["model", "weights", "shards", "tensors", "arrays", "compressed", "newest", "layers"]
KINDS += ["tar", "tar.gz", "tar.xz", "zip", "backup", "config", "metadata", "index", "header"]


def outcomes(folder, count, *kinds):
    command = [sys.executable, SCRIPT, folder, str(FIRST), str(count), *kinds]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    number = Path(folder, "number")
    assert done.returncode == 0, f"{number.read_text() if number.exists() else ''}\n{done.stdout}{done.stderr}"[-3000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("kinds", [[kind] for kind in KINDS] if FILES > 50 else [KINDS], ids="-".join)
def test_each_damaged_file_is_read_right_or_refused(tmp_path, kinds, record_property):
    *wrong, last = outcomes(tmp_path, FILES, *kinds)
    counts = json.loads(last)
    assert wrong == []
    assert list(counts) == kinds
    for kind, found in counts.items():
        record_property(kind, f"{found.get('refused', 0)} refused, {found.get('loaded', 0)} loaded")
        assert found.get("refused", 0) > 0


def test_what_is_read_wrong_and_what_raises_another_error_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    reading = importlib.import_module("fuzzed_reading")
    monkeypatch.setattr(reading, "faulthandler", mock.Mock())  # what pytest has in the place of stderr is no file
    outcomes = reading.Outcomes(tmp_path)
    outcomes("tar", lambda: {}[1], 5)
    outcomes("tar", lambda: None, 6)
    assert outcomes.counts == {"tar": {"wrong": 1, "loaded": 1}}
    assert capsys.readouterr().out == "tar 5: KeyError: 1\n"
    assert (tmp_path / "number").read_text() == "tar: 6"
