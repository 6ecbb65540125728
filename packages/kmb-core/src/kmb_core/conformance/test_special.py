"""Every op with NaN, infinities and zeros among its inputs."""

import pytest

from kmb_core.conformance import checks, special
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS

import_all_ops()

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.conformance("inference")]
PROVED = [op for op in sorted(OPS) if op in ROWS and special.calls_of(op) and special.values_of(op)]


def pytest_generate_tests(metafunc):
    """A share of the ops, a fifth at least; they are compiled one by one where a framework compiles."""
    step = max(1, round(1 / max(metafunc.config.getoption("--kmb-sample"), 0.2)))
    metafunc.parametrize("op", PROVED[::step])


def test_values(op, sample_fraction):
    """A share of the rows, each with all values."""
    calls = checks.sampled(special.calls_of(op), sample_fraction, special=False)
    complaints = []
    for case in [case for call in calls for case in special.specials(call, special.values_of(op))]:
        try:
            special.check(case)
        except Exception as error:
            complaints.append(f"{case.call.described()}: {checks.told(error)}")
    if complaints:
        raise AssertionError("\n".join(complaints))
