"""Writes docs/keras_differences.md: `python packages/kmb-core/tests/parity/ops/page.py`."""

import sys
from pathlib import Path

if __package__:
    from .difference import DECISION, DEFECT, Difference
    from .differences import TABLE
else:  # run as a script
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from ops.difference import DECISION, DEFECT, Difference
    from ops.differences import TABLE

PAGE = Path(__file__).parents[5] / "docs" / "keras_differences.md"

HEAD = """# Where operations differ from Keras 3.15.1

Written from `packages/kmb-core/tests/parity/ops/differences.py` by `page.py` beside it. The tests there make the same
calls in both libraries on the same framework and compare values, dtypes, shapes, what is foreseen for symbolic tensors
(known batch: *spec*, unknown: *batch*) and the *node* in a file. *accepted* is a call that Keras refuses, *refused* one
that kmb refuses.
"""


def text() -> str:
    """The page."""
    parts = [HEAD]
    for kind, title in ((DECISION, "Decisions of kmb"), (DEFECT, "Defects of Keras, not repeated")):
        parts.append(f"\n## {title}\n")
        parts += [_entry(entry) for entry in TABLE if entry.kind == kind]
    return "\n".join(parts)


def _entry(entry: Difference) -> str:
    lines = [f"- **{entry.reason}** In: {', '.join(entry.aspects)}."]
    if entry.calls != ("*",):
        lines.append(f"  Calls: {', '.join(f'`{call}`' for call in entry.calls)}.")
    if entry.details != ("*",):
        lines.append(f"  Found: {', '.join(f'`{detail}`' for detail in entry.details)}.")
    if entry.proof:
        lines.append(f"  Checked in each call: {entry.proof}.")
    lines += [f"  - {backends.replace(' ', ', ')}: `{ops}`" for backends, ops in entry.ops.items()]
    lines += [
        f"  - Not on every processor or version, {backends.replace(' ', ', ')}: `{ops}`"
        for backends, ops in entry.varying.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(text())
