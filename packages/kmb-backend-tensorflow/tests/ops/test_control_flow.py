"""What graphs add to control flow: sizes known only when they run, XLA, gradients, variables."""

import numpy as np
import pytest
import tensorflow as tf

import kmb_core
from kmb_core import ops
from kmb_core.errors import DTypeError, ShapeError

X = np.arange(12, dtype="float32").reshape(4, 3) - 5
UNKNOWN = [tf.TensorSpec((None, 3), tf.float32)]


def decayed(x):
    def step(carry, row):
        carry = carry * 0.5 + row
        return carry, carry * row

    return ops.scan(step, tf.zeros((3,)), x)


def expected_decay(x):
    carry, outputs = np.zeros(3), []
    for row in x:
        carry = carry * 0.5 + row
        outputs.append(carry * row)
    return carry, np.array(outputs).reshape(-1, 3)


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_a_scan_over_an_unknown_number_of_rows(rows):
    graph = tf.function(decayed, input_signature=UNKNOWN)
    for found, expected in zip(graph(X[:rows]), expected_decay(X[:rows]), strict=True):
        np.testing.assert_allclose(found, expected)
    assert graph.get_concrete_function().structured_outputs[1].shape.as_list() == [None, 3]


@pytest.mark.parametrize("rows", [1, 4])
def test_maps_and_associative_scans_over_an_unknown_number_of_rows(rows):
    x = X[:rows]

    @tf.function(input_signature=UNKNOWN)
    def graph(x):
        backwards = ops.associative_scan(ops.add, x, reverse=True)
        return ops.map(tf.reduce_sum, x), ops.vectorized_map(tf.reduce_sum, x), backwards

    for found, expected in zip(graph(x), (x.sum(1), x.sum(1), x[::-1].cumsum(0)[::-1]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_shape_that_only_the_graph_knows():
    @tf.function(input_signature=UNKNOWN)
    def graph(x):
        rows, columns = ops.shape(x)
        assert columns == 3
        return ops.fori_loop(0, rows, lambda i, total: total + x[i], tf.zeros((3,)))

    np.testing.assert_allclose(graph(X), X.sum(0))


def test_the_variables_of_a_loop_keep_what_is_known_of_their_shapes():
    @tf.function(input_signature=UNKNOWN)
    def graph(x):
        found = ops.while_loop(lambda x, n: n < 3, lambda x, n: (tf.boolean_mask(x, x[:, 0] > -9), n + 1), (x, 0))
        return found[0]

    np.testing.assert_allclose(graph(X), X)
    assert graph.get_concrete_function().structured_outputs.shape.as_list() == [None, 3]


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_gradients_through_a_scan(xla, reverse):
    def total(x):
        carry, outputs = ops.scan(lambda c, row: (c * 0.5 + row, c * row), tf.zeros((3,)), x, reverse=reverse)
        return tf.reduce_sum(carry) + tf.reduce_sum(outputs)

    @tf.function(jit_compile=xla)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = total(x)
        return tape.gradient(value, x)

    x = tf.constant(X, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = ops.scan(lambda c, row: (c * 0.5 + row, c * row), tf.zeros((3,), tf.float64), x, reverse=reverse)
        value = tf.reduce_sum(value[0]) + tf.reduce_sum(value[1])
    np.testing.assert_allclose(gradient(tf.constant(X)), tape.gradient(value, x), rtol=1e-5)


@pytest.mark.parametrize("xla", [False, True])
def test_gradients_through_loops_and_branches(xla):
    @tf.function(jit_compile=xla)
    def gradient(x, n):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = ops.fori_loop(0, 3, lambda i, y: y * x, x)
            y = ops.while_loop(lambda y, i: i < n, lambda y, i: (y * x, i + 1), (y, 0), maximum_iterations=4)[0]
            y = ops.cond(n > 1, lambda: y * 2.0, lambda: y)
            y = ops.switch(n, [tf.negative, tf.identity, lambda y: y * 5.0], y)
        return tape.gradient(y, x)

    np.testing.assert_allclose(gradient(tf.constant(2.0), tf.constant(2)), 10 * 6 * 2.0**5)
    np.testing.assert_allclose(gradient(tf.constant(2.0), tf.constant(1)), 5 * 2.0**4)


@pytest.mark.parametrize("xla", [False, True])
def test_directional_derivatives_in_a_graph(xla):
    graph = tf.function(lambda x: ops.jvp(lambda x: (tf.sin(x), tf.sign(x)), (x,), (x,), has_aux=True), jit_compile=xla)
    value, tangent, sign = graph(tf.constant(X))
    np.testing.assert_allclose(value, np.sin(X), rtol=1e-5)
    np.testing.assert_allclose(tangent, np.cos(X) * X, rtol=1e-5)
    np.testing.assert_allclose(sign, np.sign(X))


@pytest.mark.parametrize("xla", [False, True])
def test_a_gradient_of_ones_own_beside_a_variable(xla):
    weight = kmb_core.Variable(3.0)
    function = ops.custom_gradient(lambda x: (x * weight.value, lambda upstream: upstream * 7.0))

    @tf.function(jit_compile=xla)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    np.testing.assert_allclose(gradient(tf.constant(2.0)), 7.0)


def test_a_graph_assigns_variables_in_order():
    total = kmb_core.Variable(1.0)

    @tf.function
    def graph(n):
        def step(i, x):
            ops.cond(i % 2 == 0, lambda: total.assign_add(1.0), lambda: total.assign(total.value * 2.0))
            return x + total.value

        return ops.fori_loop(0, n, step, 0.0)

    found, expected, value = graph(tf.constant(4)), 0.0, 1.0
    for i in range(4):
        value = value + 1 if i % 2 == 0 else value * 2
        expected += value
    assert (float(found), float(total.value)) == (expected, value)


def test_branches_that_differ_are_refused_when_they_are_traced():
    with pytest.raises(ShapeError, match=r"ops.cond: the result of the branches changes its shape"):
        tf.function(lambda x: ops.cond(x[0] > 0, lambda: x, lambda: x[1:]), autograph=False)(tf.ones((3,)))
    with pytest.raises(DTypeError, match=r"ops.switch: the result of the branches changes its dtype"):
        tf.function(lambda i: ops.switch(i, [lambda: 1, lambda: 2.0]), autograph=False)(tf.constant(0))


def test_a_branch_may_give_nothing():
    seen = kmb_core.Variable(0)

    def note():
        seen.assign_add(1)

    graph = tf.function(lambda x: ops.cond(x > 0, note, lambda: None))
    assert graph(tf.constant(1)) is None
    assert graph(tf.constant(-1)) is None
    assert int(seen.value) == 1
