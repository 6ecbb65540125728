"""Every op gives the shape and dtype that its symbolic rule says, for any sizes, also where a size is unknown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops, tree
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.shapes import Shape


def _fits(known: Shape, actual: Shape) -> bool:
    return len(known) == len(actual) and all(k is None or k == a for k, a in zip(known, actual, strict=True))


def agree(call, shape, dtype="float32"):
    """Call on zeros, on a symbolic tensor of that shape, and on one with an unknown first size."""
    eager = tree.flatten(call(ops.zeros(shape, dtype)))
    symbolic = tree.flatten(call(KerasTensor(shape, dtype)))
    assert len(eager) == len(symbolic)
    for value, spec in zip(eager, symbolic, strict=True):
        assert tuple(value.shape) == spec.shape
        assert dtype_of(value) == spec.dtype
    if not shape:
        return
    for value, spec in zip(eager, tree.flatten(call(KerasTensor((None, *shape[1:]), dtype))), strict=True):
        assert _fits(spec.shape, tuple(value.shape)), (spec.shape, value.shape)


SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
FILLED = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
DTYPES = st.sampled_from(["bool", "int8", "uint8", "int32", "float16", "float32"])


def axis_of(shape):
    return st.integers(-len(shape), len(shape) - 1)


def axes_of(shape):
    several = st.sets(st.integers(0, max(len(shape) - 1, 0)), max_size=len(shape)).map(lambda axes: tuple(sorted(axes)))
    return st.one_of(st.none(), axis_of(shape), several.filter(bool)) if shape else st.none()


@settings(max_examples=40, deadline=None)
@given(st.data(), SHAPES, DTYPES, st.booleans(), st.sampled_from(["sum", "prod", "any", "all", "mean", "std", "var"]))
def test_reductions(data, shape, dtype, keepdims, name):
    axis = data.draw(axes_of(shape))
    if name in ("mean", "std", "var") and 0 in shape:
        shape = tuple(size or 1 for size in shape)  # the mean of nothing is NaN, with a warning
    agree(lambda x: getattr(ops, name)(x, axis=axis, keepdims=keepdims), shape, dtype)


@settings(max_examples=30, deadline=None)
@given(st.data(), FILLED, DTYPES, st.booleans(), st.sampled_from(["max", "min", "amax", "amin", "logsumexp"]))
def test_reductions_that_need_elements(data, shape, dtype, keepdims, name):
    axis = data.draw(axes_of(shape))
    agree(lambda x: getattr(ops, name)(x, axis=axis, keepdims=keepdims), shape, dtype)


@settings(max_examples=30, deadline=None)
@given(st.data(), FILLED, DTYPES, st.sampled_from(["argmax", "argmin", "cumsum", "cumprod", "argsort", "sort"]))
def test_order_and_running_totals(data, shape, dtype, name):
    axis = data.draw(st.one_of(st.none(), axis_of(shape)))
    agree(lambda x: getattr(ops, name)(x, axis=axis), shape, dtype)


@settings(max_examples=15, deadline=None)
@given(st.data(), SHAPES, DTYPES)
def test_one_axis_manipulations(data, shape, dtype):
    agree(lambda x: ops.expand_dims(x, -1), shape, dtype)
    agree(ops.ravel, shape, dtype)
    agree(ops.transpose, shape, dtype)
    if not shape:
        return
    first, second = data.draw(axis_of(shape)), data.draw(axis_of(shape))
    agree(lambda x: ops.flip(x, first), shape, dtype)
    agree(lambda x: ops.roll(x, 3, first), shape, dtype)
    agree(lambda x: ops.swapaxes(x, first, second), shape, dtype)
    agree(lambda x: ops.moveaxis(x, first, second), shape, dtype)
    agree(lambda x: ops.repeat(x, 2, first), shape, dtype)
    agree(lambda x: ops.tile(x, (2, 1, 3)), shape, dtype)
    agree(lambda x: ops.concatenate([x, x, x], first), shape, dtype)
    agree(lambda x: ops.stack([x, x], first), shape, dtype)
    agree(lambda x: ops.pad(x, ((1, 2),) * len(shape)), shape, dtype)
    agree(lambda x: ops.split(x, [1, 2], first), tuple(max(size, 2) for size in shape), dtype)


KEYS = [
    0,
    -1,
    slice(1, None),
    slice(None, None, 2),
    slice(3, 0, -1),
    (slice(None), 1),
    (..., 0),
    (None, ..., None),
    (slice(None), None, slice(1, 3)),
    (0, ..., slice(-2, None)),
    ([0, 2],),
    (slice(None), [0, 1, 1]),
    (0, slice(None), [1, 0]),
    ([0, 1], slice(None), [1, 0]),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_indexing(key):
    if isinstance(key, tuple):
        key = tuple(np.array(k, "int32") if isinstance(k, list) else k for k in key)
    agree(lambda x: ops.get_item(x, key), (4, 3, 5))
    reference = np.arange(60.0, dtype="float32").reshape(4, 3, 5)
    result = ops.get_item(ops.convert_to_tensor(reference), key)
    np.testing.assert_array_equal(ops.convert_to_numpy(result), reference[key])


@pytest.mark.parametrize(
    ("shape", "newshape", "expected"),
    [
        ((None, 3, 4), (-1, 12), (None, 12)),
        ((None, 4), (-1, 2, 2), (None, 2, 2)),
        ((2, 6), (3, -1), (3, 4)),
        ((0, 3), (0, 7), (0, 7)),
        ((5,), -1, (5,)),
        ((), (1, 1), (1, 1)),
    ],
)
def test_reshape_works_out_one_size(shape, newshape, expected):
    assert ops.reshape(KerasTensor(shape), newshape).shape == expected
    if None not in shape:
        assert tuple(ops.reshape(ops.zeros(shape), newshape).shape) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((0, 3), (3, 2)),
    ],
)
def test_matmul_and_dot(first, second):
    x, y = np.random.default_rng(0).normal(size=first), np.random.default_rng(1).normal(size=second)
    for op, reference in ((ops.matmul, np.matmul), (ops.dot, np.dot)):
        expected = reference(x, y)
        result = op(ops.convert_to_tensor(x, "float32"), ops.convert_to_tensor(y, "float32"))
        np.testing.assert_allclose(ops.convert_to_numpy(result), expected, rtol=1e-4, atol=1e-5)
        assert op(KerasTensor(first), KerasTensor(second)).shape == expected.shape
