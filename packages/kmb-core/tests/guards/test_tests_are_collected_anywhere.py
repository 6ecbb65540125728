"""Every test file is collected in environments that hold one framework, or none, where its tests may be deselected."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FRAMEWORKS = {"torch", "jax", "tensorflow", "keras"}


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_framework_is_imported_at_the_top(path):
    top = ast.parse(path.read_text(encoding="utf-8")).body
    names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in top if isinstance(node, ast.ImportFrom)}
    assert not FRAMEWORKS & {name.partition(".")[0] for name in names}
