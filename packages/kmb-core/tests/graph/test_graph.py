"""Graphs: order, execution plan, Function."""

import operator
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.backend import SymbolicValueError
from kmb_core.errors import StructureError
from kmb_core.graph import Graph


def numbers(x):
    return ops.convert_to_numpy(x)


def test_a_function_runs_what_lies_between_its_tensors():
    x, y = kmb_core.KerasTensor((None, 3)), kmb_core.KerasTensor((None, 3))
    function = kmb_core.Function([x, y], {"sum": x + y, "square": ops.square(x)})
    a, b = np.arange(6, dtype="float32").reshape(2, 3), np.ones((2, 3), "float32")
    results = function([a, b])
    np.testing.assert_array_equal(numbers(results["sum"]), a + b)
    np.testing.assert_array_equal(numbers(results["square"]), a * a)


def test_a_function_may_start_in_the_middle_of_a_graph():
    x = kmb_core.KerasTensor((None, 2))
    middle = x * 2.0
    tail = kmb_core.Function(middle, middle + 1.0)
    np.testing.assert_array_equal(numbers(tail(np.zeros((1, 2), "float32"))), [[1.0, 1.0]])


def test_a_value_that_two_operations_need_is_worked_out_once():
    x = kmb_core.KerasTensor((None, 2))
    shared = ops.exp(x)
    graph = Graph(x, [shared + 1.0, shared * 2.0], "graph")
    assert [operation.name.rpartition("_")[0] or operation.name for operation in graph.operations].count("exp") <= 1
    assert len(graph.plan.steps) == 3


def test_an_output_that_needs_another_input_is_refused():
    x, other = kmb_core.KerasTensor((None, 2)), kmb_core.KerasTensor((None, 2))
    with pytest.raises(StructureError, match="not among the inputs"):
        kmb_core.Function(x, x + other)


def test_the_same_tensor_twice_among_the_inputs_is_refused():
    x = kmb_core.KerasTensor((None, 2))
    with pytest.raises(StructureError, match="twice"):
        kmb_core.Function([x, x], x + 1.0)


def test_what_is_no_symbolic_tensor_is_refused():
    with pytest.raises(StructureError, match="symbolic"):
        kmb_core.Function(np.zeros(2), np.zeros(2))


def test_output_shapes_follow_other_input_shapes():
    x = kmb_core.KerasTensor((None, None, 4))
    function = kmb_core.Function(x, ops.sum(x, axis=1))
    assert function.compute_output_shape((7, 5, 4)) == (7, 4)


def test_operators_on_symbolic_tensors_give_what_the_values_give():
    x = kmb_core.KerasTensor((None, 3))
    expressions = [
        x + 1.0,
        1.0 - x,
        x * x,
        x / 2.0,
        2.0 / x,
        x**2,
        -x,
        abs(x),
        x > 1.0,
        x != 2.0,
        x[:, 0],
        x[..., None],
    ]
    function = kmb_core.Function(x, expressions)
    a = np.array([[1.0, -2.0, 3.0]], "float32")
    expected = [a + 1, 1 - a, a * a, a / 2, 2 / a, a**2, -a, abs(a), a > 1, a != 2, a[:, 0], a[..., None]]
    for symbolic, got, wanted in zip(expressions, function(a), expected, strict=True):
        np.testing.assert_allclose(numbers(got), wanted, rtol=1e-6)
        assert symbolic.shape[1:] == wanted.shape[1:]


def test_a_chain_of_thousands_needs_no_deep_recursion():
    x = y = kmb_core.KerasTensor((None, 1))
    for _ in range(3000):
        y = y + 1.0
    limit = sys.getrecursionlimit()
    function = kmb_core.Function(x, y)
    assert float(numbers(function(np.zeros((1, 1), "float32")))[0, 0]) == 3000.0
    assert sys.getrecursionlimit() == limit


PURPOSES = (
    *(bool, float, int, complex, range, operator.index, list, set, np.asarray, np.sum, ops.convert_to_numpy),
    *(lambda x: 1 if x else 2, lambda x: [*x], lambda x: 1.0 in x, lambda x: "abc"[x]),
)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_symbolic_tensor_has_no_value(purpose):
    with pytest.raises(SymbolicValueError, match="has no value"):
        purpose(kmb_core.KerasTensor((2,)))


def test_a_symbolic_tensor_among_the_settings_is_refused_and_never_lost_in_a_node():
    x, rate = kmb_core.KerasTensor((None, 3)), kmb_core.KerasTensor(())
    for call in (lambda: ops.leaky_relu(x, rate), lambda: ops.reshape(x, (-1, rate)), lambda: ops.zeros((2, rate))):
        with pytest.raises(SymbolicValueError, match=r"ops\.\w+: \w+ needs a value, got a symbolic tensor"):
            call()
