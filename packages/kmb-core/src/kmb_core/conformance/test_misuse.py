"""Every op called wrongly: refused in the op's name and in the same words on each backend, by no framework's error."""

from collections.abc import Callable
from typing import Any

import pytest

from kmb_core.conformance import checks, misuse
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS

import_all_ops()

pytestmark = [pytest.mark.filterwarnings("ignore::RuntimeWarning"), pytest.mark.conformance("inference")]
EVERY = [op for op in sorted(OPS) if op in ROWS]


def each(cases: list[Any], check: Callable[[Any], Any], told: Callable[[Any], str]) -> None:
    complaints = []
    for case in cases:
        try:
            check(case)
        except Exception as error:
            complaints.append(f"{told(case)}: {checks.told(error)}")
    if complaints:
        raise AssertionError("\n".join(complaints))


@pytest.mark.parametrize("op", EVERY)
def test_refused(op, sample_fraction):
    """Tensors of other shapes and dtypes, axes that lie outside."""
    calls = checks.sampled(misuse.right_calls(op), sample_fraction, special=False)
    cases = [case for call in calls for case in misuse.changed(call)]
    each(cases, misuse.check_refused, lambda case: case.call.described())


@pytest.mark.parametrize("op", EVERY)
def test_signature(op):
    """Arguments that are unknown, too many, or missing."""
    each(misuse.right_calls(op)[:1], misuse.check_signature, checks.Called.described)


@pytest.mark.parametrize("op", EVERY)
def test_no_tensors(op):
    """Strings, objects, ragged lists and None in the place of tensors."""
    each(misuse.right_calls(op)[:1], misuse.check_no_tensors, checks.Called.described)


@pytest.mark.parametrize("op", EVERY)
def test_symbolic_values(op):
    """Symbolic tensors in the place of axes, sizes, numbers, flags and names."""
    each(misuse.right_calls(op)[:1], misuse.check_symbolic_values, checks.Called.described)
