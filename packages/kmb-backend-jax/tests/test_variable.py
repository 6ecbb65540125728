import copy
import gc
import pickle
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kmb_core import initializers, layers
from kmb_core.backend import StatelessScope, Variable


class Lender:
    """Holds the values of variables, as a training session does."""

    def __init__(self, *variables):
        self.variables = variables
        self.values = [variable.value for variable in variables]
        self.returned = 0
        for variable in variables:
            variable.lend(self)

    def write_back(self):
        self.returned += 1
        for variable, value in zip(self.variables, self.values, strict=True):
            variable.take_back(self, value)


def test_reading_one_lent_variable_returns_all():
    first, second = Variable([1.0]), Variable([2.0])
    lender = Lender(first, second)
    lender.values = [jnp.array([5.0]), jnp.array([6.0])]
    assert first.value.tolist() == [5.0]
    assert second.numpy().tolist() == [6.0]
    assert lender.returned == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda v: v.value,
        lambda v: v.numpy(),
        lambda v: v + 1.0,
        lambda v: np.asarray(v),
        lambda v: jnp.asarray(v),
        lambda v: v[0],
        repr,
        copy.deepcopy,
        pickle.dumps,
        lambda v: v.assign_add([1.0]),
    ],
)
def test_every_use_of_a_lent_variable_takes_it_back(use):
    variable = Variable([1.0])
    lender = Lender(variable)
    use(variable)
    assert lender.returned == 1
    assert variable.value.shape == (1,)


def test_an_assignment_outlives_the_loan():
    assigned, other = Variable([1.0]), Variable([2.0])
    Lender(assigned, other)
    assigned.assign([9.0])
    assert assigned.value.tolist() == [9.0]
    assert other.value.tolist() == [2.0]


def test_a_copy_of_a_lent_variable_belongs_to_no_lender():
    variable = Variable([1.0])
    Lender(variable)
    for twin in (copy.deepcopy(variable), pickle.loads(pickle.dumps(variable))):
        assert "_lender" not in vars(twin)
        assert twin.value.tolist() == [1.0]


def test_what_is_known_without_the_value_needs_no_return():
    variable = Variable([1.0], name="scale")
    lender = Lender(variable)
    assert (variable.shape, variable.dtype, variable.name, variable.trainable) == ((1,), "float32", "scale", True)
    assert lender.returned == 0


def test_in_a_stateless_scope_a_lent_variable_has_the_scopes_value():
    variable = Variable([1.0])
    lender = Lender(variable)
    with StatelessScope(state_mapping=[(variable, jnp.array([3.0]))]):
        assert variable.value.tolist() == [3.0]
    assert lender.returned == 0


def test_a_missing_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = Variable(1.0).no_such_thing


def test_a_variable_made_under_a_trace_holds_a_value():
    made = []

    @jax.jit
    def traced(x):
        variable = Variable(lambda shape, dtype: jnp.full(shape, 2.0, dtype), shape=(2,))
        made.append(variable)
        return x * variable.value

    assert traced(jnp.ones(2)).tolist() == [2.0, 2.0]
    assert made[0].numpy().tolist() == [2.0, 2.0]


def test_a_variable_made_of_a_tracer_is_refused():
    with pytest.raises(ValueError, match="depends on the arguments"):
        jax.jit(lambda x: Variable(x).value)(jnp.ones(2))


def test_gradients_reach_a_variable_through_a_stateless_scope():
    variable = Variable([1.0, 2.0])

    def loss(value):
        with StatelessScope(state_mapping=[(variable, value)]):
            return (variable * variable).sum()

    assert jax.grad(loss)(variable.value).tolist() == [2.0, 4.0]
    assert jax.jit(jax.vmap(loss))(jnp.ones((3, 2))).tolist() == [2.0, 2.0, 2.0]


def test_many_threads_read_a_lent_variable_once_returned():
    variable = Variable(np.zeros(3, "float32"))
    Lender(variable)
    results, failures = [], []

    def read():
        try:
            results.append(variable.numpy().tolist())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert results == [[0.0, 0.0, 0.0]] * 16


def test_a_variable_that_is_dropped_is_freed():
    variable = Variable(np.zeros(3, "float32"))
    value = variable.value
    del variable
    gc.collect()
    assert value.tolist() == [0.0, 0.0, 0.0]


def waiting():
    layer = layers.Dense(4, use_bias=False, kernel_initializer=initializers.GlorotUniform(seed=3))
    layer.build((None, 5))
    assert layer.kernel._waiting is not None
    return layer, initializers.GlorotUniform(seed=3).sample((5, 4), "float32")


@pytest.mark.parametrize("transformed", [jax.jit, jax.vmap, jax.checkpoint, lambda f: lambda x: jax.linearize(f, x)[0]])
def test_a_value_that_waits_is_worked_out_under_a_trace(transformed):
    layer, expected = waiting()
    x = np.ones((2, 5), "float32")
    np.testing.assert_allclose(transformed(lambda x: x @ layer.kernel.value)(x), x @ expected, rtol=1e-5)
    np.testing.assert_array_equal(layer.kernel.numpy(), expected)


def test_under_a_default_device_of_jaxs_values_are_drawn_at_once():
    layer = layers.Dense(4)
    with jax.default_device(jax.devices("cpu")[0]):
        layer.build((None, 5))
    assert layer.kernel._waiting is None


def test_a_value_that_waits_is_made_outside_of_the_default_device_that_holds_when_it_is_read():
    layer, expected = waiting()
    with jax.default_device(jax.devices("cpu")[0]):
        np.testing.assert_array_equal(layer.kernel.numpy(), expected)
