"""The suite's command line options, announced to pytest by an entry point.

`--pyargs` names a package, and pytest reads the options before it looks for that package's conftest.py. This module is
loaded by every run of pytest where kmb-core is installed, so it imports nothing.
"""

from typing import Any


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
