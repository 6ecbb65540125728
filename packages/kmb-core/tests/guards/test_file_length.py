"""A file that has grown long holds more than one idea; the rule is for the packages, not for stored data."""

from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[3]
LONGEST = 700


def too_long(folder):
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*/*/**/*.py")}
    assert lengths, f"no source below {folder}"
    return [f"{path.relative_to(folder)}: {length} lines" for path, length in lengths.items() if length > LONGEST]


@pytest.mark.parametrize("package", sorted(path.name for path in PACKAGES.glob("kmb-*")))
def test_no_file_is_longer_than_one_idea(package):
    assert [line for line in too_long(PACKAGES) if line.startswith(package)] == []


def test_a_long_file_is_seen(tmp_path):
    source = tmp_path / "package" / "src" / "long.py"
    source.parent.mkdir(parents=True)
    source.write_text("\n" * (LONGEST + 1))
    assert too_long(tmp_path) == [f"package/src/long.py: {LONGEST + 1} lines"]
