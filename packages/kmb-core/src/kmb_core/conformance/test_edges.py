"""Every op at the edge of shapes: without a batch, without axes, its axes counted from the other end."""

import pytest

from kmb_core.conformance import checks, edges
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS

import_all_ops()

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.conformance("inference")]


def pytest_generate_tests(metafunc):
    """A share of the ops, a fifth at least; each shape is compiled for itself where a framework compiles."""
    step = max(1, round(1 / max(metafunc.config.getoption("--kmb-sample"), 0.2)))
    metafunc.parametrize("op", [op for op in sorted(OPS) if op in ROWS][::step])


def test_shapes(op, sample_fraction):
    """The first row, and a share of the others."""
    calls = edges.calls_of(op)
    calls = checks.sampled(calls, sample_fraction, special=False) if calls else []
    complaints = []
    for edge in [edge for call in calls for edge in edges.edges(call)]:
        try:
            edges.check(edge)
        except Exception as error:
            complaints.append(f"{edge.call.described()}: {checks.told(error)}")
    if complaints:
        raise AssertionError("\n".join(complaints))
