"""What JAX adds to control flow: traced conditions, gradients through loops, variables that traced functions assign."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.backend import StatelessScope


def halvings(x, limit=None):
    return ops.while_loop(lambda x: jnp.sum(x) > 1.0, lambda x: x * 0.5, x, maximum_iterations=limit)


@pytest.mark.parametrize("transform", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("limit", [3, 20])
def test_a_bounded_loop_has_gradients_both_ways(transform, limit):
    x = jnp.array([3.0, 8.0])
    rounds = min(4, limit)  # 11, 5.5, 2.75, 1.375, 0.6875
    found = transform(jax.grad(lambda x: jnp.sum(halvings(x, limit) ** 2)))(x)
    np.testing.assert_allclose(found, 2 * x / 4**rounds)
    _, tangent = transform(lambda x: jax.jvp(lambda x: halvings(x, limit), (x,), (x,)))(x)
    np.testing.assert_allclose(tangent, x / 2**rounds)


def test_a_bounded_loop_has_gradients_of_what_it_reads_from_outside():
    def function(x, factor):
        return ops.while_loop(lambda y, i: i < 3, lambda y, i: (y * factor, i + 1), (x, 0), maximum_iterations=5)[0]

    for gradient in (
        jax.grad(function, (0, 1)),
        jax.jit(jax.grad(function, (0, 1))),
        jax.grad(jax.jit(function), (0, 1)),
    ):
        np.testing.assert_allclose(gradient(2.0, 3.0), (27.0, 2 * 3 * 9.0))


def test_a_loop_of_unknown_length_has_forward_derivatives():
    x = jnp.array([3.0, 8.0])
    np.testing.assert_allclose(jax.jvp(halvings, (x,), (x,))[1], x / 16)
    with pytest.raises(ValueError, match="while_loop"):
        jax.grad(lambda x: jnp.sum(halvings(x)))(x)


def test_a_range_with_traced_bounds():
    found = jax.jit(lambda n: ops.fori_loop(0, n, lambda i, x: x * 2.0, 1.0))(5)
    assert float(found) == 32.0


def test_a_loop_is_one_operation_of_the_compiled_program():
    text = str(jax.make_jaxpr(lambda x: ops.scan(lambda c, y: (c + y, c), 0.0, x))(jnp.ones(7)))
    assert text.count("scan[") == 1
    assert "cond[" in str(jax.make_jaxpr(lambda x: ops.cond(x > 0, lambda: x, lambda: -x))(1.0))
    assert "while[" in str(jax.make_jaxpr(lambda x: halvings(x, 3))(jnp.ones(7)))


def counted(variable, x):
    def step(carry, row):
        ops.cond(row > 0, lambda: variable.assign_add(1.0), lambda: variable.assign(variable.value * 2))
        return carry + variable.value, variable.value

    return ops.scan(step, 0.0, x)


def expected_counts(start, x):
    values = []
    for row in x:
        start = start + 1 if row > 0 else start * 2
        values.append(start)
    return values


def test_a_traced_function_assigns_variables_eagerly_and_in_a_stateless_scope():
    x = np.array([1.0, -1.0, 2.0, -3.0], "float32")
    variable = kmb_core.Variable(1.0)
    total, found = counted(variable, x)
    np.testing.assert_allclose(found, expected_counts(1.0, x))
    assert float(variable.value) == expected_counts(1.0, x)[-1]

    @jax.jit
    def step(state, x):
        with StatelessScope([(variable, state)]) as scope:
            result = counted(variable, x)
        return result, scope.get_current_value(variable)

    before = float(variable.value)
    (total, found), after = step(jnp.float32(3.0), x)
    np.testing.assert_allclose(found, expected_counts(3.0, x))
    np.testing.assert_allclose(total, sum(expected_counts(3.0, x)))
    assert float(after) == expected_counts(3.0, x)[-1]
    assert float(variable.value) == before


def test_gradients_reach_variables_that_a_loop_reads():
    variable = kmb_core.Variable(2.0)

    def loss(state):
        with StatelessScope([(variable, state)]):
            return ops.fori_loop(0, 3, lambda i, x: x * variable.value, 1.0)

    assert float(jax.jit(jax.grad(loss))(2.0)) == 12.0


def test_derivatives_of_a_function_that_assigns_variables():
    calls = kmb_core.Variable(0)

    def function(x):
        calls.assign_add(1)
        return x * x

    value, tangent = jax.jit(lambda x: ops.jvp(function, (x,), (1.0,)))(3.0)
    assert (float(value), float(tangent)) == (9.0, 6.0)


def test_all_slices_at_once_have_no_variable_to_assign():
    calls = kmb_core.Variable(0.0, name="calls")
    with pytest.raises(ValueError, match=r"ops.vectorized_map: the function assigns the variable calls"):
        ops.vectorized_map(lambda x: calls.assign(x), jnp.ones(3))
    assert float(calls.value) == 0.0


def test_a_gradient_of_ones_own_under_every_order_of_transformations():
    @ops.custom_gradient
    def function(x, count):
        scale = jnp.exp(x)
        return x * count, lambda upstream: (upstream * scale, None)

    expected = np.exp(0.5)
    for gradient in (jax.grad(function), jax.jit(jax.grad(function)), jax.grad(jax.jit(function))):
        np.testing.assert_allclose(gradient(0.5, 3), expected, rtol=1e-6)
    found = jax.vmap(jax.grad(function), (0, None))(jnp.array([0.5, 1.0]), 3)
    np.testing.assert_allclose(found, np.exp([0.5, 1.0]), rtol=1e-6)
    np.testing.assert_allclose(jax.grad(jax.grad(function))(0.5, 3), expected, rtol=1e-6)


def test_a_large_associative_scan_is_of_logarithmic_depth():
    text = str(jax.make_jaxpr(lambda x: ops.associative_scan(ops.multiply, x))(jnp.ones(1024)))
    assert text.count(" mul ") <= 2 * 10
