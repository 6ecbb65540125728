"""The `kmb models` command."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from kmb_core import applications, errors
from kmb_core.cli import main


@dataclass
class Summary:
    name: str
    input_shape: tuple[int, int, int] = (224, 224, 3)
    parameters: int = 3_538_984
    multiply_adds: int = 300_774_272
    throughput: dict[str, float] = field(default_factory=dict)


def announce(monkeypatch, *models):
    monkeypatch.setattr(applications, "list_models", lambda: list(models))


def test_models_are_rows_by_name(monkeypatch, capsys):
    announce(monkeypatch, Summary("ZNet", multiply_adds=15_470_264_320), Summary("ANet"))
    assert main(["models"]) == 0
    header, first, second, *_, hint = capsys.readouterr().out.splitlines()
    assert header.split() == ["model", "image", "parameters", "multiply-adds", "images", "per", "second"]
    assert first.split() == ["ANet", "224×224×3", "3.54", "M", "301", "M"]
    assert second.split()[-2:] == ["15.5", "G"]
    assert "measured" in hint


def test_speeds_stand_with_the_fastest_first(monkeypatch, capsys):
    announce(monkeypatch, Summary("ANet", throughput={"one": 12.34, "two": 123.4}))
    assert main(["models"]) == 0
    assert "two 123, one 12.3" in capsys.readouterr().out


def test_json_holds_every_figure(monkeypatch, capsys):
    announce(monkeypatch, Summary("ANet", throughput={"one": 12.5}))
    assert main(["models", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row == {
        "name": "ANet",
        "input_shape": [224, 224, 3],
        "parameters": 3_538_984,
        "multiply_adds": 300_774_272,
        "throughput": {"one": 12.5},
    }


def test_without_models_the_error_names_the_command(monkeypatch, capsys):
    def nothing():
        raise errors.NamespaceNotInstalledError("none. Try: pip install kmb-core[applications]")

    monkeypatch.setattr(applications, "list_models", nothing)
    assert main(["models"]) == 2
    assert "pip install kmb-core[applications]" in capsys.readouterr().err


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_listing_imports_no_framework(framework):
    program = f"import sys; from kmb_core.cli import main; main(['models']); sys.exit('{framework}' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], env=dict(os.environ), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
