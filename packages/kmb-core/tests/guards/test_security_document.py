"""docs/security.md lists every attack that was given a number, and only tests that are there."""

import ast
import re
from pathlib import Path

CORE = Path(__file__).parents[2]
DOCUMENT = CORE.parents[1] / "docs" / "security.md"
HOSTILE = CORE / "tests" / "saving" / "test_hostile_files.py"
NUMBERS = {
    *("2024-3660", "2024-55459", "2025-1550", "2025-8747", "2025-9905", "2025-9906", "2025-12058", "2025-12060"),
    *("2025-12638", "2025-49655", "2026-0897", "2026-1462", "2026-1669", "2026-12479", "2026-12480", "2026-12481"),
}


def rows():
    """(number, rules, tests) of each attack."""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("| CVE-"):
            number, _, rules, tests = (cell.strip() for cell in line.strip("|").split("|"))
            yield number.removeprefix("CVE-"), re.findall(r"\d+", rules), re.findall(r"`(\w+)`", tests)


def functions_of(path):
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_every_number_has_one_row_with_a_rule_that_is_stated():
    found = list(rows())
    assert sorted(number for number, _, _ in found) == sorted(NUMBERS)
    stated = set(re.findall(r"^(\d+)\. \*\*", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert all(rules and stated.issuperset(rules) for _, rules, _ in found)


def test_every_test_that_is_named_exists_and_every_one_that_exists_is_named():
    named = [test for _, _, tests in rows() for test in tests]
    assert sorted(named) == sorted(name for name in functions_of(HOSTILE) if name.startswith("test_cve_"))


def test_a_row_names_tests_of_its_own_number():
    for number, _, tests in rows():
        assert tests
        assert all(test.startswith(f"test_cve_{number.replace('-', '_')}_") for test in tests)


def test_files_that_the_document_names_exist():
    names = re.findall(r"`((?:packages/|tests/)[\w/.-]+\.py)`", DOCUMENT.read_text(encoding="utf-8"))
    assert names
    for name in names:
        assert (CORE / name).exists() or (CORE.parents[1] / name).exists(), name
