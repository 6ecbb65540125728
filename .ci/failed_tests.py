"""Print which tests failed in the last run of `nox`, a line each: a log is long, and often only its end is kept."""

import sys
from pathlib import Path
from xml.etree import ElementTree

LINES, WIDTH = 80, 240


def failures(report: Path) -> list[str]:
    """A line for each failed test of one JUnit report: its session, its name, and what it said first."""
    lines = []
    for case in ElementTree.parse(report).iter("testcase"):
        for outcome in (*case.findall("failure"), *case.findall("error")):
            said = " ".join((outcome.get("message") or outcome.text or "").split())
            lines.append(f"{report.stem}: {case.get('classname')}::{case.get('name')}: {said}"[:WIDTH])
    return lines


def main(folder: Path) -> None:
    """Print them."""
    lines = [line for report in sorted(folder.glob("*.xml")) for line in failures(report)]
    print(f"{len(lines)} tests failed")
    print("\n".join(lines[:LINES]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
