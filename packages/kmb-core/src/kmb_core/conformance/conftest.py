"""Choosing the backend, naming the cases, skipping by capability, expecting declared deviations, reporting."""

import importlib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from kmb_core import plugins
from kmb_core.backend import current_backend, use_backend
from kmb_core.conformance.report import Case, Report
from kmb_core.plugins.discovery import backend_info

HERE = Path(__file__).parent
REPORT = pytest.StashKey[Report]()
CASE = pytest.StashKey[Case]()


def chosen_backend(config: pytest.Config) -> str:
    """The backend that the options name; a plugin module that they name is registered."""
    name = config.getoption("--kmb-backend")
    module_name = config.getoption("--kmb-plugin")
    if module_name:
        module = importlib.import_module(module_name)
        announced = module.kmb_backend_info().name
        plugins.register(announced, module)
        name = name or announced
    return name or current_backend().name


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before -k and -m take some away: every case gets its name and its marks."""
    own = [item for item in items if HERE in item.path.parents]
    if not own:
        return
    info = backend_info(chosen_backend(config))
    report = config.stash[REPORT] = Report(info)
    for item in own:
        case = item.stash[CASE] = named(item)
        report.collected[case.name] = case
        support = info.supports(case.needs) if case.needs is not None else True
        if not support:
            item.add_marker(pytest.mark.skip(reason=f"no {case.needs.value}: {support.reason}"))
            continue
        for pattern, reason in info.deviations.items():
            if fnmatchcase(case.name, pattern) or case.name.startswith(f"{pattern}::"):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def named(item: pytest.Item) -> Case:
    """The case that a test stands for: "group::id", or "group::test::id" where the id does not say it all."""
    mark = item.get_closest_marker("conformance")
    assert mark is not None, f"{item.nodeid} has no conformance mark"
    group = item.path.stem.removeprefix("test_")
    test = item.originalname.removeprefix("test_")
    identity = item.callspec.id if hasattr(item, "callspec") else ""
    parts = [group, identity] if "::" in identity else [group, test, *([identity] if identity else [])]
    return Case("::".join(parts), mark.args[0], mark.kwargs.get("needs"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Take the outcome of each phase of a case."""
    outcome = yield
    if CASE in item.stash:
        _note(item.config.stash[REPORT], item.stash[CASE].name, outcome.get_result())


def _note(collected: Report, name: str, report: pytest.TestReport) -> None:
    if report.failed:
        collected.note(name, "failed", _first_line(report))
    elif hasattr(report, "wasxfail"):
        collected.note(name, "deviation", report.wasxfail.removeprefix("reason: "))
    elif report.skipped:
        collected.note(name, "skipped", str(report.longrepr[-1]).removeprefix("Skipped: "))
    elif report.when == "call":
        collected.note(name, "passed")


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash is not None else str(report.longrepr)).partition("\n")[0]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show what was proved, and write it down."""
    report = config.stash.get(REPORT, None)
    if report is None or not report.outcomes:
        return
    path = Path(config.getoption("--kmb-report"))
    report.write(path)
    terminalreporter.section("conformance")
    for line in report.lines():
        terminalreporter.line(line)
    terminalreporter.line(f"report: {path}")


@pytest.fixture(scope="session")
def backend_name(request: pytest.FixtureRequest) -> str:
    """The backend that is proved."""
    return request.config.stash[REPORT].info.name


@pytest.fixture(autouse=True)
def _current(backend_name: str) -> Any:
    with use_backend(backend_name):
        yield


@pytest.fixture
def sample_fraction(request: pytest.FixtureRequest) -> float:
    """The share of the exhaustive parts that is run."""
    return request.config.getoption("--kmb-sample")
