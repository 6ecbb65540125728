"""Every op, from its declaration and its rows."""

from contextlib import nullcontext

import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance import checks, compiling, promotion
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.row import FLOATS, Row
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS
from kmb_core.plugins import Capability

import_all_ops()

LOW = tuple(checks.LOW)
# Infinities and NaN are among the arguments; a framework that warns of what comes of them is right to.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def rows_of(op: str) -> list[Row]:
    assert op in ROWS, f"ops.{op} has no rows: add one in kmb_core/conformance/rows"
    return ROWS[op]


def row_dtypes(op: str) -> list[str]:
    return list(dict.fromkeys(dtype for row in ROWS.get(op, ()) for dtype in row.dtypes)) or ["float32"]


def has(op: str, quality) -> bool:
    return any(quality(row) for row in ROWS.get(op, ()))


def has_floats(op: str) -> bool:
    return has(op, lambda row: set(FLOATS) <= set(row.dtypes))


def case(op: str, dtype: str):
    """An op in a dtype, with what it needs beside inference."""
    needs = ROWS[op][0].needs if op in ROWS else None
    marks = () if needs is None else (pytest.mark.conformance("training", needs=needs),)
    return pytest.param(op, dtype, id=f"{op}::{dtype}", marks=marks)


EAGER = [case(op, dtype) for op in sorted(OPS) for dtype in row_dtypes(op)]
SMOOTH = [pytest.param(op, id=f"{op}::gradients") for op in sorted(OPS) if has(op, lambda row: row.gradients)]
COMPILED = [pytest.param(op, id=f"{op}::compiled") for op in sorted(OPS) if compiling.compiled_calls(op, 0.0)]
PROMOTED = [pytest.param(op, id=f"{op}::promotion") for op in promotion.binary_ops()]


@pytest.mark.conformance("inference")
@pytest.mark.parametrize(("op", "dtype"), EAGER)
def test_values(op, dtype, sample_fraction):
    wide = current_backend().implementation.wide_float_scope if dtype == "float64" else nullcontext
    with wide():
        calls = checks.called(op, rows_of(op), dtype)
        calls = calls if dtype == "float32" else checks.sampled(calls, sample_fraction, special=False)
        checks.each(calls, checks.check_eager)


def pytest_generate_tests(metafunc):
    """Ops in bfloat16, and in float16 a share of them, a quarter at least: what is right in one is in the other."""
    if metafunc.function is not test_low_precision:
        return
    step = max(1, round(1 / max(metafunc.config.getoption("--kmb-sample"), 0.25)))
    floating = [op for op in sorted(OPS) if has_floats(op)]
    pairs = [(op, dtype) for i, op in enumerate(floating) for dtype in LOW if dtype == LOW[0] or i % step == 0]
    metafunc.parametrize(("op", "dtype"), [case(op, dtype) for op, dtype in pairs])


@pytest.mark.conformance("inference")
def test_low_precision(op, dtype, sample_fraction):
    calls = [
        checks.Called(op, row, dtype, row.sample(dtype, seed))
        for seed, row in enumerate(ROWS[op])
        if set(FLOATS) <= set(row.dtypes) and (row.compiled or row.oracle is None)
    ]
    checks.each(checks.sampled(calls, sample_fraction, special=False), checks.check_low)


@pytest.mark.conformance("training", needs=Capability.GRADIENTS)
@pytest.mark.parametrize("op", SMOOTH)
def test_gradients(op, sample_fraction):
    with current_backend().implementation.wide_float_scope():
        calls = [call for call in checks.called(op, ROWS[op], "float64") if call.row.gradients]
        checks.each(checks.sampled(calls, sample_fraction), checks.check_gradients)


@pytest.mark.conformance("inference", needs=Capability.JIT)
@pytest.mark.parametrize("op", COMPILED)
def test_compiled(op, sample_fraction):
    compiling.check_compiled(op, sample_fraction)


def scope_of(*dtypes):
    """64 bits have to be allowed where a framework narrows them."""
    wide = promotion.WIDE.keys() & {dtype for dtype in dtypes if isinstance(dtype, str)}
    return current_backend().implementation.wide_float_scope if wide else nullcontext


@pytest.mark.conformance("inference")
@pytest.mark.parametrize("op", PROMOTED)
def test_promotion(op, sample_fraction):
    complaints = []
    for left, right in promotion.pairs(op, sample_fraction):
        try:
            with scope_of(left, right)():
                promotion.check_pair(op, left, right)
        except Exception as error:
            complaints.append(f"{promotion.described(op, left, right)}: {checks.told(error)}")
    if complaints:
        raise AssertionError("\n".join(complaints))
