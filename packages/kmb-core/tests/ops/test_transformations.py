"""Vectorized maps, associative scans, forward derivatives, gradients of one's own."""

import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, DTypeError, ShapeError, StructureError
from kmb_core.plugins import Capability

X = np.arange(6, dtype="float32").reshape(3, 2) - 2


def values(structure):
    return kmb_core.tree.map_structure(lambda x: None if x is None else ops.convert_to_numpy(x), structure)


def same(found, expected):
    kmb_core.tree.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), values(found), expected)


def differentiable():
    return current_backend().supports(Capability.GRADIENTS)


def test_a_vectorized_map_takes_and_gives_structures():
    found = ops.vectorized_map(
        lambda e: {"sum": ops.sum(e["x"]) + e["y"][0], "nothing": None}, {"x": X, "y": [np.ones(3, "float32")]}
    )
    assert found["nothing"] is None
    same(found["sum"], X.sum(1) + 1)


def test_a_vectorized_map_in_another_is_a_table():
    rows, columns = np.arange(3.0, dtype="float32"), np.arange(4.0, dtype="float32")
    found = ops.vectorized_map(lambda r: ops.vectorized_map(lambda c: r * 10 + c, columns), rows)
    same(found, rows[:, None] * 10 + columns)


def test_what_every_slice_gives_alike_is_repeated():
    same(ops.vectorized_map(lambda x: ops.ones((2,)), X), np.ones((3, 2)))


@pytest.mark.parametrize("size", range(1, 10))
@pytest.mark.parametrize("reverse", [False, True])
def test_an_associative_scan_of_matrices_keeps_their_order(size, reverse):
    matrices = np.random.default_rng(size).normal(size=(size, 2, 2)).astype("float32")
    found = ops.associative_scan(ops.matmul, matrices, reverse=reverse)
    expected, product = [], np.eye(2)
    for matrix in matrices[::-1] if reverse else matrices:
        product = product @ matrix
        expected.append(product)
    np.testing.assert_allclose(values(found), expected[::-1] if reverse else expected, rtol=1e-4, atol=1e-5)


def test_an_associative_scan_along_the_last_axis_of_tensors_of_several_ranks():
    line = np.arange(4, dtype="float32")
    table = np.arange(8, dtype="float32").reshape(2, 4)
    found = ops.associative_scan(lambda a, b: (a[0] + b[0], a[1] + b[1]), (line, table), axis=-1)
    same(found, (line.cumsum(), table.cumsum(-1)))


def test_a_combination_has_to_keep_its_form():
    with pytest.raises(DTypeError, match=r"ops.associative_scan: the combination changes its dtype"):
        ops.associative_scan(lambda a, b: ops.cast(a, "int32"), X)
    with pytest.raises(ShapeError, match=r"ops.associative_scan: the combination changes its shape"):
        ops.associative_scan(lambda a, b: ops.sum(a, 1), X)
    with pytest.raises(ShapeError, match=r"ops.associative_scan: goes over axis 2"):
        ops.associative_scan(ops.add, X, axis=2)


def test_a_directional_derivative_of_structures():
    def function(point, scale):
        return {"area": point["x"] * point["y"] * scale, "whole": ops.cast(scale, "int32")}

    arguments = ({"x": 2.0, "y": 3.0}, 4.0), ({"x": 1.0, "y": 0.0}, 0.5)
    if not differentiable():
        with pytest.raises(CapabilityError, match=r"ops.jvp: the .* backend has no gradients"):
            ops.jvp(function, *arguments)
        return
    value, tangent = ops.jvp(function, *arguments)
    same(value, {"area": np.array(24.0), "whole": np.array(4)})
    same(tangent, {"area": np.array(1.0 * 3 * 4 + 6 * 0.5), "whole": np.array(0)})


def test_a_directional_derivative_agrees_with_differences(wide):
    x, direction = np.linspace(0.2, 0.8, 5), np.linspace(-1.0, 1.0, 5)

    def function(x):
        return ops.sin(x) * ops.fori_loop(0, 3, lambda i, y: y * x, x)

    def oracle(x):
        return np.sin(x) * x**4

    if not differentiable():
        assert "jvp" not in current_backend().overridden
        return
    _, tangent = ops.jvp(function, (x,), (direction,))
    step = 1e-6
    expected = (oracle(x + step * direction) - oracle(x - step * direction)) / (2 * step)
    np.testing.assert_allclose(values(tangent), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("primals", "tangents", "kind", "words"),
    [
        ((1.0,), (1.0, 2.0), StructureError, "the tangent changes its structure"),
        ((X,), (X[0],), ShapeError, "the tangent changes its shape"),
        ((np.arange(3),), (np.arange(3),), DTypeError, "primals are floating tensors, got int"),
        (X, X, StructureError, "primals and tangents are tuples or lists"),
    ],
)
def test_directions_have_to_fit(primals, tangents, kind, words):
    with pytest.raises(kind, match=f"ops.jvp: {words}"):
        ops.jvp(ops.square, primals, tangents)


def gradients(function, *arrays):
    backend = current_backend()
    _, found = backend.implementation.value_and_gradients(function, [backend.convert(x, "float32") for x in arrays])
    return values(found)


def upstream_only(x):
    return ops.exp(x), lambda upstream: upstream * 3.0


def in_the_style_of_keras(x):
    def gradient(*arguments, upstream=None):
        if upstream is None:
            (upstream,) = arguments
        return upstream * 3.0

    return ops.exp(x), gradient


def with_arguments(x):
    return ops.exp(x), lambda x, upstream: upstream * 3.0


@pytest.mark.parametrize("function", [upstream_only, in_the_style_of_keras, with_arguments])
def test_the_gradient_is_what_the_function_says(function):
    wrapped = ops.custom_gradient(function)
    assert wrapped.__name__ == function.__name__
    same(wrapped(X), np.exp(X))
    if differentiable():
        same(gradients(lambda x: ops.sum(wrapped(x) * 2.0), X), [np.full(X.shape, 6.0)])


def test_several_arguments_and_results_and_no_gradient_for_one():
    @ops.custom_gradient
    def function(parts, count, *, factor):
        (x, y) = parts

        def gradient(first, second):
            return (first * factor, None), None

        return (x * y, ops.cast(count, "float32") * y), gradient

    first, second = function((X, X), 2, factor=5.0)
    same((first, second), (X * X, 2 * X))
    if differentiable():
        found = gradients(lambda x, y: ops.sum(function((x, y), 2, factor=5.0)[0]), X, X)
        same(found, [np.full(X.shape, 5.0), np.zeros(X.shape)])


def test_a_function_without_a_gradient_function_is_refused():
    with pytest.raises(StructureError, match=r"ops.custom_gradient: the function gives \(result, gradient function\)"):
        ops.custom_gradient(lambda x: x)(X)


def test_gradients_and_arguments_agree_in_number():
    function = ops.custom_gradient(lambda x, y: (x + y, lambda upstream: upstream))
    same(function(X, X), X + X)
    if differentiable():
        with pytest.raises(StructureError, match=r"ops.custom_gradient: 1 gradients for 2 tensors"):
            gradients(lambda x: ops.sum(function(x, x)), X)


def test_shapes_are_inferred_with_unknown_sizes():
    x = kmb_core.Input((3,))
    assert ops.vectorized_map(lambda row: {"sum": ops.sum(row)}, x)["sum"].shape == (None,)
    assert ops.associative_scan(ops.add, x, axis=1).shape == (None, 3)
    value, tangent = ops.jvp(ops.sum, (x,), (x,))
    assert (value.shape, tangent.shape) == ((), ())
    assert ops.custom_gradient(upstream_only)(x).shape == (None, 3)
