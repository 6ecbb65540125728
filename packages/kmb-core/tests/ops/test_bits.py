"""Bits and divisors at the edges of their dtypes; floats are refused the same way on every backend."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.ops import bits

WHOLE = st.integers(-(2**31) + 1, 2**31 - 1)
REFUSING = ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "right_shift", "gcd", "lcm"]


@pytest.mark.parametrize("name", REFUSING)
def test_floats_have_no_bits_and_no_divisors(name):
    with pytest.raises(DTypeError, match="float32"):
        getattr(ops, name)(ops.ones((2,), "float32"), ops.ones((2,), "float32"))
    with pytest.raises(DTypeError, match="float32"):
        getattr(ops, name)(KerasTensor((2,), "float32"), KerasTensor((2,), "float32"))


@settings(deadline=None, max_examples=50)
@given(WHOLE, WHOLE)
def test_the_declared_gcd_is_euclids(a, b):
    declared = bits.gcd.op.body(ops.convert_to_tensor(a, "int32"), ops.convert_to_tensor(b, "int32"))
    assert int(declared) == int(ops.gcd(a, b)) == math.gcd(a, b)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_every_bit_is_turned_round_in_every_width(dtype):
    given = np.array([0, 1, 100], dtype)
    turned = ops.bitwise_not(ops.convert_to_tensor(given, dtype))
    assert dtype_of(turned) == dtype
    assert ops.convert_to_numpy(turned).tolist() == np.invert(given).tolist()


def test_shifts_by_the_width_and_more_leave_nothing_but_the_sign():
    x = ops.convert_to_tensor([-8, 8], "int32")
    assert ops.convert_to_numpy(ops.left_shift(x, 32)).tolist() == [0, 0]
    assert ops.convert_to_numpy(ops.right_shift(x, 40)).tolist() == [-1, 0]


def test_a_view_changes_the_last_size_by_the_ratio_of_widths():
    x = ops.ones((2, 4), "int16")
    assert tuple(ops.view(x, "int32").shape) == ops.view(KerasTensor((2, 4), "int16"), "int32").shape == (2, 2)
    assert tuple(ops.view(x, "int8").shape) == (2, 8)
    assert ops.convert_to_numpy(ops.view(ops.view(x, "int32"), "int16")).tolist() == np.ones((2, 4)).tolist()


def test_a_view_that_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="whole number"):
        ops.view(ops.ones((2, 3), "int16"), "int32")
    with pytest.raises(ShapeError, match="scalar"):
        ops.view(ops.ones((), "int16"), "int32")
