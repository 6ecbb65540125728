"""The `kmb backends` command."""

import json
import subprocess
import sys

import pytest

import kmb_core
from kmb_core import plugins
from kmb_core.cli import main
from kmb_core.plugins import BackendInfo, hookimpl

REAL = kmb_core.config.backend()


def listed(capsys, *options):
    status = main(["backends", "--json", *options])
    return status, json.loads(capsys.readouterr().out)


def test_each_installed_backend_is_listed_with_versions_and_contract(capsys):
    status, shown = listed(capsys)
    row = next(row for row in shown["backends"] if row["name"] == REAL)
    assert status == 0
    assert row["package"] == f"kmb-backend-{REAL}"
    assert row["contract"] == shown["contract"] == plugins.CONTRACT
    assert row["framework_version"]
    assert row["status"] == "ok"


def test_python_runs_the_package_as_the_command(capsys):
    run = subprocess.run([sys.executable, "-m", "kmb_core", "backends", "--json"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    _, shown = listed(capsys)
    assert [row["name"] for row in json.loads(run.stdout)["backends"]] == [row["name"] for row in shown["backends"]]


def test_every_capability_has_a_degree_and_limits_have_reasons(capsys):
    _, shown = listed(capsys)
    for row in shown["backends"]:
        assert row["capabilities"]
        for text in row["capabilities"].values():
            degree, _, reason = text.partition(": ")
            assert degree == "full" or reason


def test_probing_loads_the_framework_and_finds_all_primitives(capsys):
    _, shown = listed(capsys, "--probe")
    row = next(row for row in shown["backends"] if row["name"] == REAL)
    assert row["status"] == "ok", row["error"]
    assert row["devices"]


def test_a_broken_plugin_is_shown_with_its_error_and_the_others_stay(capsys):
    class Broken:
        @hookimpl
        def kmb_backend_info(self):
            raise ImportError("no module named fastlib")

    plugins.register("broken", Broken())
    try:
        status, shown = listed(capsys)
    finally:
        plugins.unregister("broken")
    rows = {row["name"]: row for row in shown["backends"]}
    assert status == 1
    assert rows["broken"]["status"] == "error"
    assert "no module named fastlib" in rows["broken"]["error"]
    assert rows[REAL]["status"] == "ok"


def test_another_contract_is_shown_as_an_error(capsys):
    class Newer:
        @hookimpl
        def kmb_backend_info(self):
            return BackendInfo("newer", "numpy", contract=99)

    plugins.register("newer", Newer())
    try:
        _, shown = listed(capsys)
    finally:
        plugins.unregister("newer")
    row = next(row for row in shown["backends"] if row["name"] == "newer")
    assert "contract 99" in row["error"]


def test_the_contract_lists_primitives_and_what_is_overridden(capsys):
    status, shown = listed(capsys, "--contract")
    assert status == 0
    assert {"add", "matmul", "conv"} <= set(shown["primitives"])
    assert not set(shown["primitives"]) & set(shown["derived"])
    assert shown["backends"][REAL]["lacks"] == []
    assert len(shown["primitives"]) <= 150


def test_the_table_is_plain_text_in_a_pipe(capsys):
    assert main(["backends"]) == 0
    shown = capsys.readouterr().out
    assert REAL in shown
    assert "\x1b" not in shown


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
