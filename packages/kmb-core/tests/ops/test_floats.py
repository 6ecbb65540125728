"""Neighbours, exponents and signs: the declared rules against NumPy's functions, bit by bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import DTypeError
from kmb_core.ops import floats

NORMAL = st.floats(width=32, allow_subnormal=False, allow_nan=False)


@settings(deadline=None, max_examples=100)
@given(NORMAL, NORMAL)
def test_the_declared_neighbour_is_numpys(x, towards):
    tensors = [ops.convert_to_tensor(np.float32(value), "float32") for value in (x, towards)]
    found = np.float32(ops.convert_to_numpy(floats.nextafter.op.body(*tensors)))
    assert found.tobytes() == np.nextafter(np.float32(x), np.float32(towards)).tobytes() or found == towards == x


@pytest.mark.parametrize(("dtype", "step"), [("float16", 2.0**-10), ("bfloat16", 2.0**-7), ("float32", 2.0**-23)])
def test_the_neighbour_of_one_is_an_epsilon_away(dtype, step):
    following = ops.nextafter(ops.ones((), dtype), 2.0)
    assert (float(following), dtype_of(following)) == (1 + step, dtype)


@pytest.mark.parametrize(
    ("fraction", "exponent"), [(2.0**-100, 200), (2.0**100, -200), (0.75, 4), (-1.5, 0), (1.0, -126)]
)
def test_ldexp_does_not_overflow_on_the_way(fraction, exponent):
    x, power = ops.convert_to_tensor(fraction, "float32"), ops.convert_to_tensor(exponent, "int32")
    assert float(ops.ldexp(x, power)) == float(floats.ldexp.op.body(x, power)) == fraction * 2.0**exponent


def test_ldexp_overflows_to_infinity_and_refuses_fractions():
    assert float(ops.ldexp(1.0, 500)) == float("inf")
    with pytest.raises(DTypeError, match="exponents"):
        ops.ldexp(ops.ones((2,)), ops.ones((2,), "float32"))


def test_signs_of_zero_and_nan_count():
    x = np.array([0.0, -0.0, np.copysign(np.nan, -1), -np.inf, 3.0], "float32")
    assert ops.convert_to_numpy(ops.signbit(x)).tolist() == [False, True, True, True, False]
    assert ops.convert_to_numpy(floats.signbit.op.body(ops.convert_to_tensor(x))).tolist() == np.signbit(x).tolist()


@pytest.mark.parametrize("dtype", ["bool", "int32", "uint8"])
def test_what_is_no_float_is_never_infinite(dtype):
    x = ops.ones((2,), dtype)
    for name in ("isposinf", "isneginf", "signbit"):
        assert not ops.convert_to_numpy(getattr(ops, name)(x)).any()
        assert getattr(ops, name)(KerasTensor((None, 2), dtype)).dtype == "bool"
