"""Arithmetic, comparison and elementary functions, against NumPy in float64."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import result_type
from kmb_core.errors import DTypeError, ShapeError

MIXED = np.array([-7.5, -2.0, -0.5, 0.0, 0.25, 1.0, 2.5, 6.0])
POSITIVE = np.array([0.125, 0.5, 1.0, 2.0, 9.0])
INNER = np.array([-0.99, -0.5, 0.0, 0.3, 0.99])

UNARY = {
    "absolute": (np.absolute, MIXED),
    "negative": (np.negative, MIXED),
    "sign": (np.sign, MIXED),
    "floor": (np.floor, MIXED),
    "ceil": (np.ceil, MIXED),
    "trunc": (np.trunc, MIXED),
    "round": (np.round, MIXED),
    "square": (np.square, MIXED),
    "reciprocal": (np.reciprocal, POSITIVE),
    "sqrt": (np.sqrt, POSITIVE),
    "rsqrt": (lambda x: 1 / np.sqrt(x), POSITIVE),
    "exp": (np.exp, MIXED),
    "expm1": (np.expm1, MIXED),
    "log": (np.log, POSITIVE),
    "log1p": (np.log1p, POSITIVE),
    "log2": (np.log2, POSITIVE),
    "log10": (np.log10, POSITIVE),
    "sin": (np.sin, MIXED),
    "cos": (np.cos, MIXED),
    "tan": (np.tan, MIXED),
    "arcsin": (np.arcsin, INNER),
    "arccos": (np.arccos, INNER),
    "arctan": (np.arctan, MIXED),
    "sinh": (np.sinh, MIXED),
    "cosh": (np.cosh, MIXED),
    "tanh": (np.tanh, MIXED),
    "arcsinh": (np.arcsinh, MIXED),
    "arccosh": (np.arccosh, POSITIVE + 1),
    "arctanh": (np.arctanh, INNER),
    "erf": (np.vectorize(math.erf), MIXED),
    "isnan": (np.isnan, MIXED),
    "isfinite": (np.isfinite, MIXED),
    "isinf": (np.isinf, MIXED),
    "logical_not": (np.logical_not, MIXED),
}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "true_divide": np.true_divide,
    "divide": np.divide,
    "floor_divide": np.floor_divide,
    "mod": np.mod,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "arctan2": np.arctan2,
    "logaddexp": np.logaddexp,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "isclose": np.isclose,
}
DTYPES = ("bool", "int8", "uint8", "int16", "int32", "float16", "bfloat16", "float32")  # torch has few ops for uint32


def tensor(values, dtype):
    return ops.convert_to_tensor(values, dtype)


def values(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_tensor_agrees_with_numpy_in_float64(name, wide):
    reference, x = UNARY[name]
    result = getattr(ops, name)(tensor(x, "float64"))
    np.testing.assert_allclose(values(result), reference(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_tensors_agrees_with_numpy_in_float64(name, wide):
    x, y = MIXED.reshape(-1, 1), np.array([-2.0, -0.5, 0.75, 3.0])
    result = getattr(ops, name)(tensor(x, "float64"), tensor(y, "float64"))
    np.testing.assert_allclose(values(result), BINARY[name](x, y), rtol=1e-12, atol=1e-15)


def test_power_agrees_with_numpy_where_it_is_defined(wide):
    x, y = POSITIVE.reshape(-1, 1), np.array([-1.5, 0.0, 2.0])
    result = ops.power(tensor(x, "float64"), tensor(y, "float64"))
    np.testing.assert_allclose(values(result), np.power(x, y), rtol=1e-12)


@pytest.mark.parametrize("x", [0.0, 1e-12, 0.1, -0.7, 0.999, -0.9999999, 1 - 1e-12])
def test_erfinv_undoes_erf(x, wide):
    y = float(values(ops.erfinv(tensor(x, "float64"))))
    assert math.erf(y) == pytest.approx(x, rel=1e-12, abs=1e-15)


def test_erfinv_is_infinite_at_one_and_undefined_beyond():
    assert values(ops.erfinv([-1.0, 1.0])).tolist() == [-math.inf, math.inf]
    assert np.isnan(values(ops.erfinv([1.5]))).all()


def test_inverse_hyperbolic_functions_keep_digits_near_zero_and_far_away(wide):
    x = tensor([1e-9, -1e-9, 1e6, -1e6], "float64")
    np.testing.assert_allclose(values(ops.arcsinh(x)), np.arcsinh([1e-9, -1e-9, 1e6, -1e6]), rtol=1e-12)


def test_logaddexp_of_large_and_of_infinite_numbers_is_finite_where_it_should_be():
    assert float(ops.logaddexp(1000.0, 1000.0)) == pytest.approx(1000 + math.log(2))
    assert float(ops.logaddexp(-math.inf, -math.inf)) == -math.inf
    assert float(ops.logaddexp(math.inf, math.inf)) == math.inf


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_two_dtypes_meet_in_their_common_one_eagerly_and_symbolically(first, second):
    expected = result_type(first, second)
    eager = ops.multiply(tensor([1, 0], first), tensor([1, 1], second))
    assert dtype_of(eager) == expected
    assert ops.multiply(KerasTensor((2,), first), KerasTensor((2,), second)).dtype == expected


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scalar", [1, 1.5, True])
@pytest.mark.parametrize("name", ["add", "true_divide", "power", "less", "maximum"])
def test_a_python_scalar_gives_one_dtype_eagerly_symbolically_and_from_the_left(dtype, scalar, name):
    op = getattr(ops, name)
    x, symbolic = tensor([1, 1], dtype), KerasTensor((2,), dtype)
    expected = op(symbolic, scalar).dtype
    assert dtype_of(op(x, scalar)) == expected
    assert dtype_of(op(scalar, x)) == expected


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*UNARY, "erfinv"])
def test_the_dtype_of_a_result_is_the_same_eagerly_and_symbolically(dtype, name):
    if dtype == "bool" and name in ("negative", "sign"):
        return
    op = getattr(ops, name)
    assert dtype_of(op(tensor([1, 1], dtype))) == op(KerasTensor((2,), dtype)).dtype


@pytest.mark.parametrize("name", ["floor_divide", "mod", "power"])
def test_booleans_are_taken_as_integers_by_division_and_powers(name):
    result = getattr(ops, name)(tensor([True, False], "bool"), tensor([True, True], "bool"))
    assert dtype_of(result) == "int32"
    assert values(result).tolist() == getattr(np, name)(np.array([1, 0]), np.array([1, 1])).tolist()


def test_booleans_cannot_be_subtracted():
    with pytest.raises(DTypeError, match="bool"):
        ops.subtract(KerasTensor((2,), "bool"), KerasTensor((2,), "bool"))


def test_comparison_takes_place_in_the_common_dtype():
    assert values(ops.less(tensor([-1, 300], "int32"), tensor([0, 200], "uint8"))).tolist() == [True, False]
    assert values(ops.equal(tensor([1], "int8"), 1.5)).tolist() == [False]


def test_nan_equals_nothing_and_wins_every_maximum():
    x = tensor([math.nan, 1.0], "float32")
    assert values(ops.equal(x, x)).tolist() == [False, True]
    assert values(ops.not_equal(x, x)).tolist() == [True, False]
    assert np.isnan(values(ops.maximum(x, 0.0))[0])
    assert np.isnan(values(ops.minimum(x, 0.0))[0])


def test_isclose_of_infinities_and_nan_is_that_of_numpy():
    a = [math.inf, math.inf, math.nan, 1.0, 1.0]
    b = [math.inf, -math.inf, math.nan, 1.000001, math.inf]
    for equal_nan in (False, True):
        assert values(ops.isclose(a, b, equal_nan=equal_nan)).tolist() == np.isclose(a, b, equal_nan=equal_nan).tolist()


def test_nan_to_num_replaces_by_the_limits_of_the_dtype_or_by_what_is_given():
    x = np.array([math.nan, math.inf, -math.inf, 1.0], "float32")
    np.testing.assert_array_equal(values(ops.nan_to_num(tensor(x, "float32"))), np.nan_to_num(x))
    assert values(ops.nan_to_num(tensor(x, "float32"), 7.0, 8.0, 9.0)).tolist() == [7.0, 8.0, 9.0, 1.0]
    assert values(ops.nan_to_num(tensor([1, 2], "int32"))).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("x", "low", "high", "expected", "dtype"),
    [
        ([-1, 5], 0, 3, [0, 3], "int32"),
        ([-1, 5], 0.5, 2.5, [0.5, 2.5], "float32"),
        ([-1.0, 5.0], 0, 3, [0.0, 3.0], "float32"),
        ([0.0, 1.0], np.array([0.5, 0.0], "float32"), 0.75, [0.5, 0.75], "float32"),
        ([1.0], 3.0, 2.0, [2.0], "float32"),
    ],
)
def test_clip_limits_and_promotes(x, low, high, expected, dtype):
    low = low if isinstance(low, (int, float)) else ops.convert_to_tensor(low)
    result = ops.clip(ops.convert_to_tensor(x), low, high)
    assert values(result).tolist() == expected
    assert dtype_of(result) == dtype


def test_round_takes_halves_to_the_even_neighbour_and_counts_decimals():
    assert values(ops.round([0.5, 1.5, 2.5, -0.5])).tolist() == [0.0, 2.0, 2.0, 0.0]
    np.testing.assert_allclose(values(ops.round([1.234, -5.678], 2)), [1.23, -5.68], rtol=1e-6)


def test_where_chooses_broadcasts_and_promotes():
    result = ops.where(tensor([[True], [False]], "bool"), tensor([1, 2], "int32"), 0.5)
    assert values(result).tolist() == [[1.0, 2.0], [0.5, 0.5]]
    assert dtype_of(result) == "float32"
    assert ops.where(KerasTensor((None, 1), "bool"), KerasTensor((3,), "int32"), 0.5).shape == (None, 3)


def test_where_takes_numbers_as_conditions():
    assert values(ops.where(tensor([2, 0], "int32"), 1.0, 3.0)).tolist() == [1.0, 3.0]


def test_where_with_the_condition_alone_gives_places():
    rows, columns = ops.where(tensor([[0, 1], [1, 0]], "int32"))
    assert (values(rows).tolist(), values(columns).tolist()) == ([0, 1], [1, 0])


@pytest.mark.parametrize("name", ["add", "less", "arctan2", "logical_and", "isclose"])
def test_shapes_that_do_not_broadcast_are_named_in_the_error(name):
    x, y = tensor(np.ones((2, 3)), "float32"), tensor(np.ones(4), "float32")
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(4,\)"):
        getattr(ops, name)(x, y)
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(4,\)"):
        getattr(ops, name)(KerasTensor((2, 3)), KerasTensor((4,)))


SIZES = st.integers(0, 3)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_shape_of_a_binary_result_is_the_same_eagerly_and_symbolically(data):
    shape = data.draw(st.lists(SIZES, max_size=3))
    first = [data.draw(st.sampled_from([1, size])) for size in shape]
    second = [data.draw(st.sampled_from([1, size])) for size in shape][data.draw(st.integers(0, len(shape))) :]
    name = data.draw(st.sampled_from(["add", "true_divide", "less", "logaddexp", "isclose"]))
    eager = getattr(ops, name)(tensor(np.ones(first), "float32"), tensor(np.ones(second), "float32"))
    symbolic = getattr(ops, name)(KerasTensor(first), KerasTensor(second))
    assert tuple(eager.shape) == symbolic.shape == np.broadcast_shapes(tuple(first), tuple(second))
    assert dtype_of(eager) == symbolic.dtype
