"""Figures that are read off the core's source: frameworks imported, backend names, and the biggest import cycle.

The rules are those of the guard tests, so the figure and the guard cannot drift apart.
"""

import runpy
from pathlib import Path

GUARDS = Path(__file__).parents[1] / "packages" / "kmb-core" / "tests" / "guards"


def main():
    names, imports = (
        runpy.run_path(str(GUARDS / name)) for name in ("test_no_framework_in_core.py", "test_import_graph.py")
    )
    core = names["CORE"]
    found = [what for path in core.rglob("*.py") for what in names["offences"](path.read_text(encoding="utf-8"))]
    circle = imports["circle"](imports["import_graph"](core))
    print("The core's source")
    print(f"  frameworks imported or backends named: {len(found):4}   aim: 0 (Keras 3.15.1: 105 lines, 137 places)")
    print(f"  modules in an import cycle:            {len(set(circle)):4}   aim: 0 (Keras 3.15.1: 410)\n")


if __name__ == "__main__":
    main()
