"""Choosing the backend, naming the cases, skipping by capability, expecting declared deviations, reporting."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from kmb_core.backend import current_backend, use_backend
from kmb_core.conformance.gathering import SENT, registered, sent, show
from kmb_core.conformance.report import Case, Report
from kmb_core.plugins.discovery import backend_info

HERE = Path(__file__).parent
REPORT = pytest.StashKey[Report]()
CASE = pytest.StashKey[Case]()
PLUGIN = pytest.StashKey[str | None]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin that an option names, before test modules ask what is installed."""
    module_name = config.getoption("--kmb-plugin")
    config.stash[PLUGIN] = registered(module_name) if module_name else None


def chosen_backend(config: pytest.Config) -> str:
    """The backend that is proved: the one named, the plugin's, or the current one."""
    return config.getoption("--kmb-backend") or config.stash[PLUGIN] or current_backend().name


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before -k and -m take some away: every case gets its name and its marks."""
    own = [item for item in items if HERE in item.path.parents]
    if not own:
        return
    info = backend_info(chosen_backend(config))
    report = config.stash[REPORT] = Report(info, groups())
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


def groups() -> tuple[str, ...]:
    """The parts of the suite: its files."""
    return tuple(sorted(path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")))


def named(item: pytest.Item) -> Case:
    """The case that a test stands for: "group::id", or "group::test::id" where the id does not say it all."""
    own = [mark for mark in item.own_markers if mark.name == "conformance"]  # a parameter's after the function's
    mark = own[-1] if own else item.get_closest_marker("conformance")
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
    if report is not None and report.outcomes:
        show(report, terminalreporter, Path(config.getoption("--kmb-report")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process that pytest-xdist started: send the report to the one that gathers them."""
    report = session.config.stash.get(REPORT, None)
    if report is not None and hasattr(session.config, "workeroutput"):
        session.config.workeroutput[SENT] = sent(report)


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


@pytest.fixture
def capabilities(request: pytest.FixtureRequest) -> Any:
    """Whether the backend declares a capability: a function of it."""
    return request.config.stash[REPORT].info.supports
