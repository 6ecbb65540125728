"""The suite's command line options and the gathering of its report, announced to pytest by an entry point.

`--pyargs` names a package, and pytest reads the options before it looks for that package's conftest.py; a process that
only hands tests out to others (`-n 2`) never looks for it. This module is loaded by every run of pytest where kmb-core
is installed, so it imports nothing until there is a report to show; not even pytest, as the core does without it.
"""

from pathlib import Path
from typing import Any

import pluggy

hookimpl = pluggy.HookimplMarker("pytest")

_parts: list[dict[str, Any]] = []  # of the report, by the processes that tests were handed out to


def pytest_addoption(parser: Any) -> None:
    """Add the options."""
    group = parser.getgroup("kmb", "conformance of a kmb backend")
    group.addoption("--kmb-backend", metavar="NAME", help="the backend to prove; the current one when left out")
    group.addoption("--kmb-plugin", metavar="MODULE", help="a plugin module to register first, whose backend is proved")
    group.addoption("--kmb-report", metavar="PATH", default="conformance.json", help="where the report is written")
    group.addoption(
        "--kmb-sample",
        metavar="FRACTION",
        type=float,
        default=0.05,
        help="share of what is exhaustive: pairs of dtypes, rows in other dtypes than float32; default 0.05",
    )


def pytest_configure(config: Any) -> None:
    """Make the suite's marker known."""
    mark = "conformance(level, needs=None): a conformance case: the level that it decides, the capability that it needs"
    config.addinivalue_line("markers", mark)


@hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the part of the report that a process of pytest-xdist sends at its end."""
    part = getattr(node, "workeroutput", {}).get("kmb_conformance")
    if part is not None and part["outcomes"]:
        _parts.append(part)


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Show what was proved, where several processes proved it."""
    if not _parts:
        return
    from kmb_core.conformance.gathering import gathered, show

    parts, _parts[:] = _parts[:], []
    show(gathered(parts, config.getoption("--kmb-plugin")), terminalreporter, Path(config.getoption("--kmb-report")))
