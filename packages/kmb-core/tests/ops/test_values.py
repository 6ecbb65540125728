"""Values of creation, reduction, manipulation, indexing and products, against NumPy in float64."""

import math

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.errors import CapabilityError, DTypeError, ShapeError
from kmb_core.plugins import Capability

X = np.random.default_rng(0).normal(size=(2, 3, 4))
MATRIX = X[0]


def tensor(values, dtype="float64"):
    return ops.convert_to_tensor(values, dtype)


def same(result, expected):
    np.testing.assert_allclose(ops.convert_to_numpy(result), expected, rtol=1e-12, atol=1e-14)


REDUCTIONS = ["sum", "prod", "max", "min", "amax", "amin", "mean", "var", "std", "any", "all"]


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), [1, -1]])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_agree_with_numpy(name, axis, wide):
    expected = getattr(np, name)(X, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True)
    same(getattr(ops, name)(tensor(X), axis=axis, keepdims=True), expected)
    same(getattr(ops, name)(tensor(X), axis), np.squeeze(expected, tuple(axis) if isinstance(axis, list) else axis))


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", ["argmax", "argmin", "cumsum", "cumprod", "argsort", "sort", "count_nonzero"])
def test_order_and_running_totals_agree_with_numpy(name, axis, wide):
    same(getattr(ops, name)(tensor(X), axis=axis), getattr(np, name)(X, axis=axis))


WIDER = [("bool", "int32"), ("int8", "int32"), ("int16", "int32"), ("uint8", "uint32")]


@pytest.mark.parametrize(("dtype", "wider"), WIDER)
def test_sums_of_narrow_integers_hold_what_they_count(dtype, wider):
    total = ops.sum(tensor(np.ones(300), dtype))
    assert (int(total), dtype_of(total)) == (300, wider)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sums_in_half_precision_do_not_stop_growing(dtype):
    assert float(ops.sum(tensor(np.ones(4096), dtype))) == 4096.0
    assert float(ops.mean(tensor(np.ones(4096), dtype))) == 1.0


def test_logsumexp_neither_overflows_nor_loses_infinities(wide):
    same(ops.logsumexp(tensor(X), axis=(0, -1)), np.log(np.exp(X).sum((0, 2))))
    same(ops.logsumexp(tensor([1000.0, 1000.0])), 1000 + math.log(2))
    assert float(ops.logsumexp(tensor([-math.inf, -math.inf]))) == -math.inf
    assert float(ops.logsumexp(tensor([math.inf, 0.0]))) == math.inf


def test_average_weighs_along_an_axis_and_over_all(wide):
    same(ops.average(tensor(X), axis=1, weights=tensor([1.0, 2.0, 3.0])), np.average(X, 1, [1, 2, 3]))
    same(ops.average(tensor(X), weights=tensor(X**2)), np.average(X, weights=X**2))


def test_top_k_gives_values_and_places_the_first_of_equals_first():
    values, places = ops.top_k(tensor([[1.0, 3.0, 3.0, 2.0]], "float32"), 3)
    assert ops.convert_to_numpy(values).tolist() == [[3.0, 3.0, 2.0]]
    assert ops.convert_to_numpy(places).tolist() == [[1, 2, 3]]


def test_in_top_k_counts_ties_as_in_and_infinite_scores_or_missing_classes_as_out():
    scores = tensor([[0.1, 0.5, 0.5], [math.nan, 0.2, 0.1], [0.3, 0.2, 0.1]], "float32")
    assert ops.convert_to_numpy(ops.in_top_k(tensor([2, 0, 7], "int32"), scores, 1)).tolist() == [True, False, False]
    assert ops.convert_to_numpy(ops.in_top_k(tensor([0, 1, 1], "int32"), scores, 2)).tolist() == [False, True, True]


def test_linspace_meets_both_ends_for_scalars_and_tensors(wide):
    same(ops.linspace(tensor(0.0), tensor(1.0), 7), np.linspace(0, 1, 7))
    start, stop = np.array([0.0, 1.0]), np.array([[2.0], [4.0]])
    for axis in (0, 1, -1):
        same(ops.linspace(tensor(start), tensor(stop), 5, axis=axis), np.linspace(start, stop, 5, axis=axis))
    values, step = ops.linspace(tensor(0.0), tensor(1.0), 4, endpoint=False, retstep=True)
    same(values, [0, 0.25, 0.5, 0.75])
    assert float(step) == 0.25
    assert ops.convert_to_numpy(ops.linspace(0, 10, 4, dtype="int32")).tolist() == [0, 3, 6, 10]


@pytest.mark.parametrize("k", [-2, 0, 1])
def test_triangles_and_diagonals_agree_with_numpy(k, wide):
    same(ops.tril(tensor(X), k), np.tril(X, k))
    same(ops.triu(tensor(X), k), np.triu(X, k))
    same(ops.tri(3, 4, k), np.tri(3, 4, k))
    same(ops.eye(3, 4, k), np.eye(3, 4, k))
    same(ops.trace(tensor(X), k, 1, 2), np.trace(X, k, 1, 2))


@pytest.mark.parametrize("arguments", [(5,), (2, 7), (7, 2, -2), (0, 1, 0.25), (3, 3), (5, 2), (1, 7, 3)])
def test_arange_gives_numpys_numbers_and_the_symbolic_length(arguments):
    result = ops.arange(*arguments)
    np.testing.assert_allclose(ops.convert_to_numpy(result), np.arange(*arguments))
    assert dtype_of(result) == ("float32" if any(isinstance(a, float) for a in arguments) else "int32")


def test_dtypes_of_new_tensors():
    assert [dtype_of(ops.full((1,), value)) for value in (1, 1.0, True)] == ["float32"] * 3
    assert dtype_of(ops.zeros((1,), "int8")) == dtype_of(ops.zeros_like(tensor([1], "int8"))) == "int8"
    assert [dtype_of(ops.convert_to_tensor(value)) for value in (1, [1.0], True)] == ["int32", "float32", "bool"]


def test_full_like_takes_tensors_and_casts():
    result = ops.full_like(tensor([[1, 2], [3, 4]], "int32"), tensor([5.5, 6.5], "float32"))
    assert (ops.convert_to_numpy(result).tolist(), dtype_of(result)) == ([[5, 6], [5, 6]], "int32")


def test_sparse_tensors_are_made_dense_or_refused_where_there_are_none():
    if current_backend().supports(Capability.SPARSE):
        sparse = ops.one_hot([1, 0], 3, sparse=True)
        dense = ops.convert_to_tensor(sparse, sparse=False)
        assert ops.convert_to_numpy(dense).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    else:
        with pytest.raises(CapabilityError):
            ops.convert_to_tensor([1.0], sparse=True)


MANIPULATIONS = {
    "reshape": lambda m, x: m.reshape(x, (4, -1)),
    "transpose": lambda m, x: m.transpose(x, (2, 0, 1)),
    "swapaxes": lambda m, x: m.swapaxes(x, 0, -1),
    "moveaxis": lambda m, x: m.moveaxis(x, (0, 1), (-1, 0)),
    "flip all": lambda m, x: m.flip(x),
    "flip": lambda m, x: m.flip(x, (0, -1)),
    "roll": lambda m, x: m.roll(x, -3),
    "roll axes": lambda m, x: m.roll(x, (1, -6), (0, 2)),
    "tile": lambda m, x: m.tile(x, (2, 1, 3)),
    "tile more axes": lambda m, x: m.tile(x, (2, 1, 1, 2)),
    "repeat": lambda m, x: m.repeat(x, 3, 1),
    "repeat flat": lambda m, x: m.repeat(x, 2),
    "repeat each": lambda m, x: m.repeat(x, np.array([2, 0, 1]), 1),
    "expand": lambda m, x: m.expand_dims(x, (0, -1)),
    "stack": lambda m, x: m.stack([x, x + x], -1),
    "concatenate": lambda m, x: m.concatenate([x, x], 1),
    "pad": lambda m, x: m.pad(x, ((0, 0), (1, 2), (2, 0)), constant_values=7),
    "pad all": lambda m, x: m.pad(x, 1),
    "pad reflect": lambda m, x: m.pad(x, ((0, 0), (1, 2), (2, 0)), mode="reflect"),
    "pad symmetric": lambda m, x: m.pad(x, ((1, 1), (0, 2), (2, 0)), mode="symmetric"),
    "split": lambda m, x: m.split(x, 2, -1)[1],
    "split at": lambda m, x: m.split(x, [1, 3], 2)[1],
    "take": lambda m, x: m.take(x, np.array([[1, -1]], "int32"), 1),
    "take flat": lambda m, x: m.take(x, np.array([5, 0], "int32")),
    "along": lambda m, x: m.take_along_axis(x, np.zeros((2, 1, 4), "int64"), 1),
    "outer": lambda m, x: m.outer(x, x),
    "inner": lambda m, x: m.inner(x, x),
    "tensordot": lambda m, x: m.tensordot(x, x, ((0, 2), (0, 2))),
    "tensordot 0": lambda m, x: m.tensordot(x[0], x[1], 0),
    "einsum": lambda m, x: m.einsum("bij,bkj->bik", x, x),
    "einsum dots": lambda m, x: m.einsum("...ij,...kj", x, x),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_manipulations_and_products_agree_with_numpy(name, wide):
    same(MANIPULATIONS[name](ops, tensor(X)), MANIPULATIONS[name](np, X))


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_manipulations_and_products_have_the_symbolic_shape(name):
    assert MANIPULATIONS[name](ops, KerasTensor(X.shape)).shape == MANIPULATIONS[name](np, X).shape


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, -1, math.inf, -math.inf])
def test_norms_of_vectors_agree_with_numpy(order, wide):
    same(ops.norm(tensor(X), order, axis=1), np.linalg.norm(X, order, axis=1))


@pytest.mark.parametrize("axis", [(0, 1), (1, 0), (-1, 1)])
@pytest.mark.parametrize("order", [None, "fro", 1, -1, math.inf, -math.inf])
def test_norms_of_matrices_agree_with_numpy(order, axis, wide):
    same(ops.norm(tensor(X), order, axis=axis, keepdims=True), np.linalg.norm(X, order, axis=axis, keepdims=True))


def test_slice_and_slice_update_work_on_one_block(wide):
    same(ops.slice(tensor(X), (0, 1, 1), (1, 2, -1)), X[0:1, 1:3, 1:])
    expected = X.copy()
    expected[:, 1:3, 0:1] = 9
    same(ops.slice_update(tensor(X), (0, 1, 0), tensor(np.full((2, 2, 1), 9.0))), expected)


@pytest.mark.parametrize(
    ("reduction", "expected"), [("add", [1, 12, 3]), ("max", [1, 6, 3]), ("min", [1, 2, 3]), ("mul", [1, 48, 3])]
)
def test_scatter_update_combines_all_that_meet_in_one_place(reduction, expected):
    result = ops.scatter_update(tensor([1, 2, 3], "int32"), [[1], [1]], tensor([4, 6], "int32"), reduction)
    assert ops.convert_to_numpy(result).tolist() == expected


def test_scatter_update_replaces_rows_and_leaves_its_input_alone():
    x = tensor(np.zeros((3, 2)), "float32")
    result = ops.scatter_update(x, [[2]], tensor([[1.0, 2.0]], "float32"))
    assert ops.convert_to_numpy(result).tolist() == [[0, 0], [0, 0], [1, 2]]
    assert not ops.convert_to_numpy(x).any()


WRONG = {
    "reshape": lambda x: ops.reshape(x, (5, 5)),
    "reshape twice free": lambda x: ops.reshape(x, (-1, -1)),
    "transpose": lambda x: ops.transpose(x, (0, 0, 1)),
    "sum": lambda x: ops.sum(x, axis=3),
    "sum twice": lambda x: ops.sum(x, axis=(0, -3)),
    "argmax": lambda x: ops.argmax(x, axis=-4),
    "concatenate": lambda x: ops.concatenate([x, x[:, :2]], axis=0),
    "stack": lambda x: ops.stack([x, x[:, :2]]),
    "broadcast_to": lambda x: ops.broadcast_to(x, (5, 3, 4)),
    "squeeze": lambda x: ops.squeeze(x, 1),
    "split": lambda x: ops.split(x, 5, 1),
    "pad": lambda x: ops.pad(x, ((1, 1), (1, 1))),
    "matmul": lambda x: ops.matmul(x, x),
    "tensordot": lambda x: ops.tensordot(x, x, 1),
    "einsum": lambda x: ops.einsum("ij->i", x),
    "too many indices": lambda x: ops.get_item(x, (0, 0, 0, 0)),
    "top_k": lambda x: ops.top_k(x, 9),
    "slice": lambda x: ops.slice_update(x, (0, 0, 3), x),
    "take_along_axis": lambda x: ops.take_along_axis(x, np.zeros((2,), "int32"), 0),
    "flip": lambda x: ops.flip(x, 5),
    "cumsum": lambda x: ops.cumsum(x, 5),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_shapes_and_axes_raise_one_error_eagerly_and_symbolically(name):
    for x in (tensor(X, "float32"), KerasTensor(X.shape)):
        with pytest.raises(ShapeError, match=r"ops\."):
            WRONG[name](x)


def test_indices_have_to_be_integers():
    with pytest.raises(DTypeError, match="take"):
        ops.take(KerasTensor((3,)), KerasTensor((2,), "float32"), 0)


def test_the_largest_of_nothing_needs_an_initial_value():
    with pytest.raises(ValueError, match="initial"):
        ops.max(ops.zeros((2, 0)), axis=1)
    assert ops.convert_to_numpy(ops.max(ops.zeros((2, 0)), axis=1, initial=-3.0)).tolist() == [-3.0, -3.0]


def test_the_causes_of_an_error_come_to_an_end():
    with pytest.raises(ShapeError) as caught:
        ops.matmul(ops.ones((2, 3)), ops.ones((2, 3)))
    seen, error = set(), caught.value
    while error is not None:
        assert id(error) not in seen
        seen.add(id(error))
        error = error.__cause__ or error.__context__
