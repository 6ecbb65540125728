"""The level that a run ends with, and what the report holds."""

import json

import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance.gathering import gathered, sent
from kmb_core.conformance.report import Case, Report
from kmb_core.plugins import Capability


@pytest.fixture
def report():
    cases = [
        Case("ops::add::float32", "inference"),
        Case("ops::add::compiled", "inference", Capability.JIT),
        Case("ops::add::gradients", "training", Capability.GRADIENTS),
    ]
    return Report(current_backend().info, ("ops",), {case.name: case for case in cases})


def note(report, first="passed", second="passed", third="passed"):
    for name, outcome in zip(report.collected, (first, second, third), strict=True):
        report.note(name, outcome, "because")


def test_all_passed_is_training(report):
    note(report)
    assert report.level() == ("training", "")


def test_a_skipped_capability_of_inference_costs_no_level(report):
    note(report, second="skipped")
    assert report.level()[0] == "training"


def test_a_skipped_case_of_training_leaves_inference_and_says_why(report):
    note(report, third="skipped")
    assert report.level() == ("inference", "training: 1 skipped: because")


def test_a_failed_case_costs_its_level(report):
    note(report, third="failed")
    assert report.level() == ("inference", "training: 1 failed: ops::add::gradients")
    note(report, first="failed")
    assert report.level()[0] == "none"


def test_a_declared_deviation_costs_no_level_and_is_listed(report):
    note(report, first="deviation")
    assert report.level()[0] == "training"
    assert report.as_data()["deviations"] == {"ops::add::float32": "because"}


def test_part_of_the_suite_proves_nothing(report):
    report.note("ops::add::float32", "passed")
    assert report.level() == ("none", "only 1 of 3 cases were run")
    note(report)
    report.groups = ("ops", "saving")
    assert report.level() == ("none", "a level needs the whole suite, and saving did not run")


def test_a_failure_in_one_phase_is_not_made_good_by_another(report):
    report.note("ops::add::float32", "failed", "teardown")
    report.note("ops::add::float32", "passed")
    assert report.outcomes["ops::add::float32"] == "failed"


def test_the_report_is_written_as_json(report, tmp_path):
    note(report, third="skipped")
    report.write(tmp_path / "conformance.json")
    data = json.loads((tmp_path / "conformance.json").read_text())
    assert data["backend"] == current_backend().name
    assert data["counts"] == {"ops": {"passed": 2, "skipped": 1}}
    assert data["skipped"] == {"ops::add::gradients": "because"}
    assert "kmb-core" in data["versions"]


def test_the_report_of_several_processes_is_that_of_one(report):
    note(report, second="skipped", third="deviation")
    parts = []
    for name in report.collected:  # each process collects everything and runs one case
        part = Report(report.info, report.groups, report.collected)
        part.note(name, report.outcomes[name], report.reasons[name])
        parts.append(json.loads(json.dumps(sent(part))))
    whole = gathered(parts, None)
    assert whole.as_data() == report.as_data()
    assert whole.collected == report.collected
