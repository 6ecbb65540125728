"""Branches and loops: what runs, what is compiled, nesting, structures, variables, complaints."""

from collections import namedtuple

import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.backend import current_backend
from kmb_core.errors import DTypeError, ShapeError, StructureError

X = np.arange(6, dtype="float32").reshape(3, 2) - 2
State = namedtuple("State", "total steps")


def values(structure):
    return kmb_core.tree.map_structure(lambda x: None if x is None else ops.convert_to_numpy(x), structure)


def compiled(function):
    return current_backend().implementation.compiled(function)


def same(found, expected):
    kmb_core.tree.map_structure(np.testing.assert_allclose, values(found), expected)


def collatz_steps(start):
    """Nested control flow: a branch in a loop."""

    def step(n, count):
        n = ops.cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1)
        return n, count + 1

    return ops.while_loop(lambda n, count: n != 1, step, (start, ops.zeros_like(start)))[1]


def collatz_oracle(n):
    count = 0
    while n != 1:
        n, count = (n // 2 if n % 2 == 0 else 3 * n + 1), count + 1
    return count


@pytest.mark.parametrize("start", [1, 7, 27])
@pytest.mark.parametrize("run", [lambda f: f, compiled], ids=["eager", "compiled"])
def test_a_branch_in_a_loop_of_unknown_length(run, start):
    found = run(collatz_steps)(ops.convert_to_tensor(start))
    assert int(found) == collatz_oracle(start)


def test_loops_in_a_scan_in_a_map():
    def powers(x):
        def step(carry, n):
            power = ops.fori_loop(0, n, lambda i, value: value * x, ops.ones_like(x))
            return carry + power, power

        return ops.scan(step, ops.zeros_like(x), ops.arange(4))

    sums, found = ops.map(powers, ops.convert_to_tensor([2.0, 3.0]))
    same(found, np.array([[1, 2, 4, 8], [1, 3, 9, 27]]))
    same(sums, np.array([15, 40]))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("run", [lambda f: f, compiled], ids=["eager", "compiled"])
def test_a_branch_is_chosen_by_data(run, sign):
    def function(x):
        return ops.cond(
            ops.sum(x) > 0, lambda: {"a": x * 2, "b": (ops.sum(x), 1)}, lambda: {"a": -x, "b": (x[0, 0], 2)}
        )

    x = X * sign
    expected = {"a": x * 2, "b": (x.sum(), 1)} if x.sum() > 0 else {"a": -x, "b": (x[0, 0], 2)}
    same(run(function)(ops.convert_to_tensor(x)), expected)


@pytest.mark.parametrize(("index", "expected"), [(-5, X + 1), (0, X + 1), (1, X * 2), (2, X * X), (9, X * X)])
@pytest.mark.parametrize("run", [lambda f: f, compiled], ids=["eager", "compiled"])
def test_an_index_outside_means_the_nearest_branch(run, index, expected):
    branches = [lambda x: x + 1, lambda x: x * 2, ops.square]
    found = run(lambda i, x: ops.switch(i, branches, x))(ops.convert_to_tensor(index), ops.convert_to_tensor(X))
    same(found, expected)


def test_with_a_value_at_hand_only_the_chosen_branch_runs():
    ran = []

    def noting(name):
        return lambda: ran.append(name) or ops.ones(())

    ops.cond(ops.convert_to_tensor(1.0) > 0, noting("yes"), noting("no"))
    ops.cond(False, noting("yes"), noting("no"))
    ops.switch(1, [noting("first"), noting("second")])
    assert ran == ["yes", "no", "second"]


@pytest.mark.parametrize("limit", [0, 2, 10])
def test_a_loop_ends_at_the_latest_after_its_maximum(limit):
    (found,) = ops.while_loop(lambda i: i < 5, lambda i: i + 1, (0,), maximum_iterations=limit)
    assert int(found) == min(limit, 5)


def test_variables_of_a_loop_keep_their_structure():
    start = {"point": State(ops.zeros((2,)), ops.convert_to_tensor(0)), "nothing": None}

    def step(state):
        point = state["point"]
        return {"point": State(point.total + 1.5, point.steps + 1), "nothing": None}

    found = ops.while_loop(lambda state: state["point"].steps < 3, step, start)
    assert found["nothing"] is None
    assert isinstance(found["point"], State)
    same(found["point"], State(np.array([4.5, 4.5]), np.array(3)))


def test_one_variable_may_come_bare_or_in_its_tuple():
    assert int(ops.while_loop(lambda i: i < 3, lambda i: (i + 1,), [0])[0]) == 3
    assert int(ops.while_loop(lambda i: i < 3, lambda i: i + 1, 0)) == 3


def test_a_scan_without_outputs_and_one_without_slices():
    carry, outputs = ops.scan(lambda carry, x: (carry + x, None), ops.zeros((2,)), ops.convert_to_tensor(X))
    same(carry, X.sum(0))
    assert outputs is None
    carry, outputs = ops.scan(lambda carry, x: (carry * 2, x), 1.0, length=5)
    assert float(carry) == 32
    assert outputs is None


def test_the_outputs_of_no_steps_have_the_shapes_of_one():
    carry, (first, second) = ops.scan(
        lambda carry, x: (carry, (ops.stack([x, x]), ops.cast(carry, "int32"))), ops.ones((4,)), ops.zeros((0, 3))
    )
    same(carry, np.ones(4))
    assert (tuple(first.shape), tuple(second.shape)) == ((0, 2, 3), (0, 4))
    assert [kmb_core.backend.dtype_of(y) for y in (first, second)] == ["float32", "int32"]


def test_what_a_loop_assigns_to_a_variable_stays():
    total, steps = kmb_core.Variable(np.zeros(2, "float32")), kmb_core.Variable(0)

    def step(i, x):
        total.assign_add(ops.ones((2,)) * ops.cast(i, "float32"))
        steps.assign_add(1)
        return x + total.value

    found = ops.fori_loop(0, 4, step, ops.zeros((2,)))
    same(found, np.full(2, 0 + 1 + 3 + 6.0))
    same(total.value, np.full(2, 6.0))
    assert int(steps.value) == 4


def test_what_scans_and_branches_assign_to_a_variable_stays():
    seen = kmb_core.Variable(0)

    def step(carry, x):
        ops.cond(x > 0, lambda: seen.assign_add(1), lambda: seen.value)
        return carry, x + ops.cast(seen.value, "float32")

    _, found = ops.scan(step, 0.0, ops.convert_to_tensor([1.0, -1.0, 2.0]))
    same(found, np.array([2.0, 0.0, 4.0]))
    assert int(seen.value) == 2


def test_random_draws_differ_from_step_to_step():
    seeds = kmb_core.random.SeedGenerator(3)
    _, found = ops.scan(lambda carry, x: (carry, kmb_core.random.normal((), seed=seeds)), 0.0, length=6)
    assert len(set(values(found).tolist())) == 6


ZEROS = np.zeros(2, "float32")
COMPLAINTS = {
    "a carry of another shape": (
        lambda: ops.scan(lambda carry, x: (ops.zeros((3,)), x), ZEROS, X),
        ShapeError,
        r"ops.scan: the carry changes its shape from \(2,\) to \(3,\)",
    ),
    "a carry of another dtype": (
        lambda: ops.fori_loop(0, 2, lambda i, x: ops.cast(x, "int32"), 1.0),
        DTypeError,
        "ops.fori_loop: the value changes its dtype from float32 to int32",
    ),
    "a carry of another structure": (
        lambda: ops.while_loop(lambda i: i < 3, lambda i: (i, i), (0,)),
        StructureError,
        "ops.while_loop: a variable of the loop changes its structure",
    ),
    "nothing where something was": (
        lambda: ops.scan(lambda carry, x: (None, x), ZEROS, X),
        StructureError,
        "ops.scan: the carry changes its structure",
    ),
    "a step without a pair": (
        lambda: ops.scan(lambda carry, x: carry, ZEROS, X),
        StructureError,
        "ops.scan: the function gives the pair",
    ),
    "a condition of numbers": (
        lambda: ops.while_loop(lambda x: x, lambda x: x, (1.0,)),
        DTypeError,
        "ops.while_loop: the condition is a bool, got float32",
    ),
    "a condition with axes": (
        lambda: ops.while_loop(lambda x: x > 0, lambda x: x, (ZEROS,)),
        ShapeError,
        "ops.while_loop: the condition is a scalar",
    ),
    "a choice with axes": (
        lambda: ops.cond(ops.ones((2,)) > 0, lambda: 1, lambda: 2),
        ShapeError,
        "ops.cond: pred is a scalar",
    ),
    "an index that is no integer": (
        lambda: ops.switch(1.0, [ops.abs], X),
        DTypeError,
        "ops.switch: index is an integer, got float",
    ),
    "no branches": (lambda: ops.switch(0, [], X), ValueError, "ops.switch: there are no branches"),
    "a bound that is no integer": (
        lambda: ops.fori_loop(0, 2.5, lambda i, x: x, 1.0),
        DTypeError,
        "ops.fori_loop: upper is an integer, got float",
    ),
    "columns of different sizes": (
        lambda: ops.map(lambda pair: pair[0], (X, ZEROS)),
        ShapeError,
        "ops.map: expected tensors of one size along axis 0",
    ),
    "a length that is not the columns'": (
        lambda: ops.scan(lambda carry, x: (carry, x), ZEROS, X, length=2),
        ShapeError,
        "ops.scan: expected tensors of one size along axis 0",
    ),
    "nothing to go over": (lambda: ops.scan(lambda carry, x: (carry, x), ZEROS), ValueError, "ops.scan: there is noth"),
    "scalars to go over": (lambda: ops.map(lambda x: x, 1.0), ShapeError, "ops.map: goes over axis 0"),
    "no unrolling": (
        lambda: ops.scan(lambda carry, x: (carry, x), ZEROS, X, unroll=0),
        ValueError,
        "ops.scan: unroll is",
    ),
}


@pytest.mark.parametrize("case", COMPLAINTS)
@pytest.mark.parametrize("run", [lambda f: f, compiled], ids=["eager", "compiled"])
def test_what_does_not_fit_is_refused_in_the_same_words(run, case):
    function, kind, words = COMPLAINTS[case]
    with pytest.raises(kind, match=words):
        run(function)()


def symbolic(*shape, dtype="float32"):
    return kmb_core.Input(batch_shape=shape, dtype=dtype)


@pytest.mark.parametrize(
    ("second", "kind", "words"),
    [
        (lambda x: {"a": x}, StructureError, "changes its structure"),
        (lambda x: ops.sum(x, 0), ShapeError, "changes its shape"),
        (lambda x: ops.cast(x, "int32"), DTypeError, "changes its dtype from float32 to int32"),
    ],
)
def test_branches_that_differ_are_refused_where_both_are_seen(second, kind, words):
    x = symbolic(None, 3)
    with pytest.raises(kind, match=f"ops.cond: the result of the branches {words}"):
        ops.cond(ops.sum(x) > 0, lambda: x, lambda: second(x))
    with pytest.raises(kind, match=f"ops.switch: the result of the branches {words}"):
        ops.switch(ops.cast(ops.sum(x), "int32"), [lambda x: x, second], x)


def test_shapes_are_inferred_with_unknown_sizes():
    x = symbolic(None, 3)
    carry, outputs = ops.scan(lambda carry, row: (carry + row, {"row": row, "sum": ops.sum(row)}), ops.zeros((3,)), x)
    assert (carry.shape, outputs["row"].shape, outputs["sum"].shape) == ((3,), (None, 3), (None,))
    assert ops.map(lambda row: ops.stack([row, row]), x).shape == (None, 2, 3)
    assert ops.while_loop(lambda y: ops.sum(y) < 9, lambda y: y * 2, x).shape == (None, 3)
    assert ops.fori_loop(0, 3, lambda i, y: y + 1, x).shape == (None, 3)
    assert ops.switch(1, [ops.abs, ops.square], x).shape == (None, 3)


def test_a_function_must_not_read_a_symbolic_tensor_from_outside():
    x, y = symbolic(None, 3), symbolic(3)

    def helper(row):
        return row + y

    def step(carry, row):
        return carry, helper(row)

    with pytest.raises(ValueError, match=r"ops.map: the function '<lambda>' reads a symbolic tensor"):
        ops.map(lambda row: row + y, x)
    with pytest.raises(ValueError, match=r"ops.scan: the function 'step' reads a symbolic tensor"):
        ops.scan(step, ops.zeros((3,)), x)
