"""Ops on all dtypes, in eager mode and in a graph that does not know the sizes, against NumPy."""

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from kmb_core import ops
from kmb_core.ops import arithmetic, comparison, indexing, manipulation, reduction

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
NUMBERS = INTEGERS + FLOATS
NAN, INF = float("nan"), float("inf")


def array(values, dtype):
    return np.array(values).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def in_graph(function, *arrays):
    """Run in a graph whose inputs have a known rank and no known sizes."""
    specification = [tf.TensorSpec([None] * a.ndim, tf.as_dtype(a.dtype)) for a in map(np.asarray, arrays)]
    graph = tf.function(function, input_signature=specification, autograph=False)
    return graph(*(tf.constant(a) for a in arrays))


def check(function, expected, *arrays, tolerance=0.0):
    for result in (function(*(tf.constant(a) for a in arrays)), in_graph(function, *arrays)):
        results = result if isinstance(result, (list, tuple)) else [result]
        wanted = expected if isinstance(expected, (list, tuple)) else [expected]
        assert len(results) == len(wanted)
        for got, want in zip(results, wanted, strict=True):
            np.testing.assert_allclose(
                np.asarray(got).astype("float64"), np.asarray(want).astype("float64"), rtol=tolerance, atol=tolerance
            )
            assert got.shape == np.shape(want)


BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "floor_divide": np.floor_divide,
    "mod": np.mod,
}
COMPARISONS = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("name", BINARY)
def test_arithmetic_on_every_dtype(name, dtype):
    x, y = array([[7, 2, 9], [4, 5, 100]], dtype), array([2, 3, 4], dtype)
    check(getattr(arithmetic, name), BINARY[name](x, y), x, y)


@pytest.mark.parametrize("dtype", [*NUMBERS, "bool"])
@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_on_every_dtype(name, dtype):
    x, y = array([[0, 2, 0, 1]], dtype), array([[0], [1]], dtype)
    check(getattr(comparison, name), COMPARISONS[name](x, y), x, y)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_powers_and_negatives_wrap_as_in_numpy(dtype):
    x = array([1, 2, 3], dtype)
    check(arithmetic.power, np.power(x, array([2, 3, 2], dtype)), x, array([2, 3, 2], dtype))
    check(arithmetic.negative, np.negative(x), x)
    check(arithmetic.absolute, x, x)
    check(arithmetic.square, np.square(x), x)
    check(arithmetic.sign, np.sign(array([0, 1, 2], dtype)), array([0, 1, 2], dtype))


def test_booleans_add_as_or_and_multiply_as_and():
    x, y = np.array([True, True, False]), np.array([True, False, False])
    check(arithmetic.add, x | y, x, y)
    check(arithmetic.multiply, x & y, x, y)
    check(arithmetic.maximum, x | y, x, y)
    check(arithmetic.minimum, x & y, x, y)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint16"])
def test_an_integer_divided_by_zero_is_zero(dtype):
    x, y = array([5, 6, 0], dtype), array([0, 4, 0], dtype)
    check(arithmetic.floor_divide, [np.array([0, 1, 0])], x, y)
    check(arithmetic.mod, [np.array([0, 2, 0])], x, y)


def test_floats_divide_and_leave_remainders_as_in_numpy():
    x, y = np.array([7.0, -7.0, 7.0, -1.0, 1.0, -1.0, 5.0]), np.array([2.0, 2.0, -2.0, INF, 0.1, 0.1, -INF])
    check(arithmetic.floor_divide, np.floor_divide(x, y), x, y)
    check(arithmetic.mod, np.mod(x, y), x, y)


def test_nan_wins_extremes_and_clipping():
    x = np.array([NAN, 1.0, -3.0, INF], "float32")
    check(lambda a: arithmetic.maximum(a, 0.0), np.maximum(x, 0), x)
    check(lambda a: arithmetic.clip(a, -1.0, 2.0), np.clip(x, -1, 2), x)
    check(lambda a: reduction.max(a), np.max(x), x)
    check(lambda a: reduction.min(a), np.min(x), x)


@pytest.mark.parametrize("decimals", [0, 1, -1, 3])
def test_rounding_to_decimals_is_to_even(decimals):
    x = np.array([0.5, 1.5, 2.5, -0.5, 12.345, 15.0, 25.0])
    check(lambda a: arithmetic.round(a, decimals), np.round(x, decimals), x)


def test_clip_promotes_with_its_limits():
    result = arithmetic.clip(tf.constant([1, 5]), 1.5, 3)
    assert result.dtype is tf.float32
    assert result.numpy().tolist() == [1.5, 3.0]


# Reductions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), ()])
@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "var", "std", "any", "all"])
def test_reductions_over_any_axes(name, keepdims, axis):
    x = np.linspace(-1, 2, 24).reshape(2, 3, 4)
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    check(lambda a: getattr(reduction, name)(a, axis, keepdims), expected, x, tolerance=1e-12)


@pytest.mark.parametrize("dtype", [*NUMBERS, "bool"])
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "argmax", "argmin", "any", "all", "sort", "argsort"])
def test_reductions_on_every_dtype(name, dtype):
    x = array([[1, 0, 3], [2, 2, 1]], dtype)
    options = {"kind": "stable"} if name == "argsort" else {}
    check(lambda a: getattr(reduction, name)(a, axis=1), getattr(np, name)(x, axis=1, **options), x)


def test_small_integers_are_summed_in_32_bits():
    assert reduction.sum(tf.fill([300], tf.constant(127, tf.int8))).numpy() == 38100
    assert reduction.sum(tf.fill([300], tf.constant(255, tf.uint8))).dtype is tf.uint32
    assert reduction.sum(tf.constant([True, True])).dtype is tf.int32


def test_half_precision_means_do_not_overflow():
    x = tf.fill([10000], tf.constant(300.0, tf.float16))
    assert float(reduction.mean(x)) == 300.0
    assert float(reduction.var(x)) == 0.0


def test_the_mean_of_nothing_is_nan_and_its_maximum_an_error():
    nothing = tf.zeros((0, 3))
    assert np.isnan(reduction.mean(nothing, 0).numpy()).all()
    assert reduction.sum(nothing, 0).numpy().tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="max"):
        reduction.max(nothing, 0)
    assert reduction.max(nothing, 0, initial=2.0).numpy().tolist() == [2.0, 2.0, 2.0]


def test_nan_sorts_last_and_is_the_argmax():
    x = np.array([[3.0, NAN, 1.0, INF, 3.0], [-0.0, -INF, 0.0, NAN, NAN]])
    check(reduction.sort, np.sort(x), x)
    check(reduction.argsort, np.argsort(x, kind="stable"), x)
    check(lambda a: reduction.argmax(a, 1), np.argmax(x, 1), x)
    check(lambda a: reduction.argmin(a, 0), np.argmin(x, 0), x)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats_of_both_signs_sort(dtype):
    x = array(np.random.default_rng(0).normal(size=(4, 50)), dtype)
    check(reduction.sort, np.sort(x), x)
    check(lambda a: reduction.argsort(a, 0), np.argsort(x, 0, kind="stable"), x)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_running_sums_and_products(axis):
    x = np.arange(1.0, 7.0).reshape(2, 3)
    check(lambda a: reduction.cumsum(a, axis), np.cumsum(x, axis), x)
    check(lambda a: reduction.cumprod(a, axis), np.cumprod(x, axis), x)


# Manipulation and indexing ---------------------------------------------------------------------------------------

CUBE = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: manipulation.reshape(x, (4, -1)), CUBE.reshape(4, -1)),
        (lambda x: manipulation.transpose(x), CUBE.T),
        (lambda x: manipulation.transpose(x, (1, 0, -1)), CUBE.transpose(1, 0, 2)),
        (lambda x: manipulation.swapaxes(x, 0, -1), CUBE.swapaxes(0, -1)),
        (lambda x: manipulation.moveaxis(x, (0, 1), (-1, 0)), np.moveaxis(CUBE, (0, 1), (-1, 0))),
        (lambda x: manipulation.concatenate([x, x], -1), np.concatenate([CUBE, CUBE], -1)),
        (lambda x: manipulation.stack([x, x], 1), np.stack([CUBE, CUBE], 1)),
        (lambda x: manipulation.split(x, 2, -1), np.split(CUBE, 2, -1)),
        (lambda x: manipulation.split(x, [1, 3], -1), np.split(CUBE, [1, 3], -1)),
        (lambda x: manipulation.split(x, [2, 9], 1), np.split(CUBE, [2, 9], 1)),
        (lambda x: manipulation.pad(x, 1), np.pad(CUBE, 1)),
        (
            lambda x: manipulation.pad(x, ((0, 1), (1, 0), (2, 2)), constant_values=7),
            np.pad(CUBE, ((0, 1), (1, 0), (2, 2)), constant_values=7),
        ),
        (
            lambda x: manipulation.pad(x, ((0, 0), (1, 1), (2, 1)), "reflect"),
            np.pad(CUBE, ((0, 0), (1, 1), (2, 1)), "reflect"),
        ),
        (
            lambda x: manipulation.pad(x, ((1, 1), (0, 0), (0, 4)), "symmetric"),
            np.pad(CUBE, ((1, 1), (0, 0), (0, 4)), "symmetric"),
        ),
        (lambda x: manipulation.broadcast_to(x, (5, 2, 3, 4)), np.broadcast_to(CUBE, (5, 2, 3, 4))),
        (lambda x: manipulation.flip(x), np.flip(CUBE)),
        (lambda x: manipulation.flip(x, (0, -1)), np.flip(CUBE, (0, -1))),
        (lambda x: manipulation.expand_dims(x, (0, -1)), np.expand_dims(CUBE, (0, -1))),
        (lambda x: manipulation.tile(x, (2, 1, 1, 3)), np.tile(CUBE, (2, 1, 1, 3))),
        (lambda x: manipulation.tile(x, 2), np.tile(CUBE, 2)),
        (lambda x: manipulation.repeat(x, 2), np.repeat(CUBE, 2)),
        (lambda x: manipulation.repeat(x, [1, 0, 2], 1), np.repeat(CUBE, [1, 0, 2], 1)),
        (lambda x: manipulation.ravel(x), CUBE.ravel()),
        (lambda x: manipulation.roll(x, 5), np.roll(CUBE, 5)),
        (lambda x: manipulation.roll(x, (1, -1), (0, 2)), np.roll(CUBE, (1, -1), (0, 2))),
        (lambda x: manipulation.roll(x, 2, (0, 1)), np.roll(CUBE, 2, (0, 1))),
    ],
)
def test_manipulations_with_and_without_known_sizes(function, expected):
    check(function, expected, CUBE)


@pytest.mark.parametrize("dtype", [*NUMBERS, "bool"])
def test_tiling_and_repeating_every_dtype(dtype):
    x = array([[1, 0], [1, 1]], dtype)
    check(lambda a: manipulation.tile(a, (2, 2)), np.tile(x, (2, 2)), x)
    check(lambda a: manipulation.repeat(a, 2, 0), np.repeat(x, 2, 0), x)


ROWS, COLUMNS = np.array([[0, 1], [1, -1]]), np.array([2, -1])
MASK = CUBE > 10
SUBSCRIPTS = (
    1,
    -1,
    (slice(None), 0),
    (Ellipsis, slice(None, None, -1)),
    (None, slice(1, 2), Ellipsis, None),
    ROWS,
    [0, 1, 1],
    (slice(None), COLUMNS),
    (slice(None), COLUMNS, COLUMNS),
    (1, slice(None), COLUMNS),
    (ROWS[:1], slice(None), COLUMNS),
    (Ellipsis, ROWS),
    (None, slice(None), COLUMNS),
    MASK,
    (slice(None), np.array([True, False, True])),
    (slice(1, None), slice(None), [0, -1]),
)


@pytest.mark.parametrize("key", SUBSCRIPTS, ids=[str(i) for i in range(len(SUBSCRIPTS))])
def test_subscripts_mean_what_they_mean_in_numpy(key):
    check(lambda x: indexing.get_item(x, key), CUBE[key], CUBE)


def test_subscripts_may_be_tensors():
    assert indexing.get_item(tf.constant(CUBE), tf.constant([1, -1])).numpy().tolist() == CUBE[[1, -1]].tolist()
    assert indexing.get_item(tf.constant(CUBE), (0, tf.constant(2))).numpy().tolist() == CUBE[0, 2].tolist()


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_take_counts_negative_indices_from_the_end(axis):
    indices = np.array([[0, -1], [1, -2]], "int32")
    check(lambda x, i: indexing.take(x, i, axis), np.take(CUBE, indices, axis), CUBE, indices)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take_along_axis_picks_and_broadcasts(axis):
    order = np.argsort(-CUBE, axis)
    check(lambda x, i: indexing.take_along_axis(x, i, axis), np.take_along_axis(CUBE, order, axis), CUBE, order)
    first = np.zeros((1, 1, 1), "int32")
    expected = np.take_along_axis(CUBE, first, axis)
    check(lambda x, i: indexing.take_along_axis(x, i, axis), expected, CUBE, first)


@pytest.mark.parametrize("reduction_name", [None, "add", "max", "min", "mul"])
def test_scatter_update_joins_what_falls_on_one_place(reduction_name):
    x, indices = np.full((3, 2), 2.0), np.array([[0, 1], [2, 0], [-1, 0]])
    updates = np.array([5.0, -1.0, 3.0])
    if reduction_name is None:
        indices = indices[:2]
        updates = updates[:2]
    expected = x.copy()
    join = {None: lambda a, b: b, "add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}[
        reduction_name
    ]
    for place, update in zip(map(tuple, indices), updates, strict=True):
        expected[place] = join(expected[place], update)
    check(lambda a, i, u: indexing.scatter_update(a, i, u, reduction_name), expected, x, indices, updates)


def test_slices_are_read_and_replaced():
    check(lambda x: indexing.slice(x, (0, 1, 1), (1, 2, 2)), CUBE[:1, 1:3, 1:3], CUBE)
    block = np.full((1, 2, 2), -1.0)
    expected = CUBE.copy()
    expected[1:2, 1:3, 1:3] = -1
    check(lambda x, u: indexing.slice_update(x, (1, 1, 1), u), expected, CUBE, block)


def test_where_alone_gives_the_places():
    found = comparison.where(tf.constant([[0, 3], [2, 0]]))
    assert [column.numpy().tolist() for column in found] == [[0, 1], [1, 0]]
    assert found[0].dtype is tf.int32


def test_the_public_namespace_runs_on_tensorflow():
    assert isinstance(ops.add(1.0, 2.0), tf.Tensor)
