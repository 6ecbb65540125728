"""Casting without wrapping round, between all dtypes: against exact arithmetic."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.dtypes import COMPLEX_NAMES, FLOAT_NAMES, INTEGER_NAMES, NAMES, numpy_dtype, standardize_dtype
from kmb_core.errors import DTypeError

DTYPES = [name for name in NAMES if name != "string"]


def limits(dtype):
    native = numpy_dtype(dtype)
    found = np.iinfo(native) if dtype in INTEGER_NAMES else ml_dtypes.finfo(native)
    number = int if dtype in INTEGER_NAMES else float  # ml_dtypes makes wrong integers of large numbers
    return Fraction(number(found.min)), Fraction(number(found.max))


def stored(dtype):
    """The dtype that the backend has for it: without 64 bits, another."""
    return standardize_dtype(current_backend().implementation.native_dtype(dtype))


def sample(dtype):
    """Numbers at both ends of a dtype and around the ends of smaller ones."""
    if dtype == "bool":
        return np.array([False, True])
    if dtype in COMPLEX_NAMES:
        return sample("float32" if dtype == "complex64" else "float64").astype(dtype)
    low, high = limits(dtype)
    wanted = [low, high, 0, 1, -1, -300, 300, 127, 128, 254, 447, 40000, 65503, 65536, 10**6, 2**31 - 200, 2**31, 2**40]
    inside = [float(v) if dtype in FLOAT_NAMES else int(v) for v in wanted if low <= v <= high]
    return np.array(inside, None if dtype in FLOAT_NAMES else dtype).astype(numpy_dtype(dtype))


def expected(value, dtype):
    """The nearest number in the dtype's range, in which rounding is NumPy's."""
    if dtype == "bool":
        return value > 0
    low, high = limits(dtype)
    exact = min(max(Fraction(value), low), high)
    return int(exact) if dtype in INTEGER_NAMES else float(numpy_dtype(dtype).type(float(exact)))


@pytest.mark.parametrize("source", DTYPES)
def test_every_pair_of_dtypes(source):
    source = stored(source)
    given = sample(source)
    for dtype in map(stored, DTYPES):
        got = ops.saturate_cast(ops.convert_to_tensor(given, source), dtype)
        assert dtype_of(got) == dtype
        got = ops.convert_to_numpy(got)
        part = {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
        wanted = [expected(value, part) for value in given.real.tolist()]
        assert got.real.tolist() == wanted, f"{source} {given} to {dtype}"


@pytest.mark.parametrize("dtype", INTEGER_NAMES)
def test_infinities_are_the_ends_and_nan_is_zero(dtype):
    low, high = limits(stored(dtype))
    got = ops.convert_to_numpy(ops.saturate_cast(np.array([-np.inf, np.inf, np.nan], "float32"), dtype))
    assert got.tolist() == [low, high, 0]


def test_narrower_floats_keep_nan_but_no_infinity():
    got = ops.convert_to_numpy(ops.saturate_cast(np.array([-np.inf, 1e9, np.nan], "float32"), "float16"))
    assert got[:2].tolist() == [-65504, 65504]
    assert math.isnan(got[2])


def test_symbolic_tensors_have_the_dtype_and_unknown_ones_are_refused():
    assert ops.saturate_cast(KerasTensor((None, 2)), "int8").dtype == "int8"
    with pytest.raises(DTypeError, match="dtype"):
        ops.saturate_cast(np.ones(2, "float32"), "int7")
