"""One report of a run that pytest-xdist spread over several processes, shown as that of one process is.

A worker sends what it collected and what came of it when it ends; all workers collect the same, each runs a part.
"""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kmb_core import plugins
from kmb_core.conformance.report import Case, Report
from kmb_core.plugins import Capability
from kmb_core.plugins.discovery import backend_info

SENT = "kmb_conformance"


def registered(module_name: str) -> str:
    """The name of the backend of a plugin module, which is announced from now on."""
    module = importlib.import_module(module_name)
    name = module.kmb_backend_info().name
    plugins.register(name, module)
    return name


def sent(report: Report) -> dict[str, Any]:
    """What a worker sends: plain data."""
    collected = [[case.name, case.level, case.needs and case.needs.value] for case in report.collected.values()]
    return {
        "backend": report.info.name,
        "groups": list(report.groups),
        "collected": collected,
        "outcomes": report.outcomes,
        "reasons": report.reasons,
    }


def gathered(parts: Iterable[dict[str, Any]], plugin: str | None) -> Report:
    """The report of the whole run.

    Args:
        parts: what each worker sent.
        plugin: the plugin module that was named, which the workers alone have registered.
    """
    first, *others = parts
    if plugin:
        registered(plugin)
    cases = [Case(name, level, needs and Capability(needs)) for name, level, needs in first["collected"]]
    report = Report(backend_info(first["backend"]), tuple(first["groups"]), {case.name: case for case in cases})
    for part in (first, *others):
        for name, outcome in part["outcomes"].items():
            report.note(name, outcome, part["reasons"].get(name, ""))
    return report


def show(report: Report, terminalreporter: Any, path: Path) -> None:
    """Write the report down, and show it at the end of the run."""
    report.write(path)
    terminalreporter.section("conformance")
    for line in report.lines():
        terminalreporter.line(line)
    terminalreporter.line(f"report: {path}")
