"""Variables: storage, tapes, tf.function, and TensorFlow's own functions on them."""

import copy
import pickle

import numpy as np
import pytest
import tensorflow as tf

from kmb_core import initializers, layers
from kmb_core.backend import AutocastScope, Variable
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.products import matmul


def test_a_tape_sees_the_variable_and_differentiates_with_respect_to_it():
    v = Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(multiply(v, v))
    assert tape.gradient(y, v).numpy().tolist() == [2.0, 4.0]


def test_a_frozen_variable_is_not_watched():
    v = Variable([1.0])
    v.trainable = False
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(multiply(v, v))
    assert tape.gradient(y, v) is None


def test_gradients_pass_through_autocast():
    v = Variable([1.0, 2.0])
    with tf.GradientTape() as tape, AutocastScope("bfloat16"):
        y = tf.reduce_sum(multiply(v.value, 3.0))
    assert v.value.dtype is tf.float32
    gradient = tape.gradient(y, v)
    assert (gradient.dtype, gradient.numpy().tolist()) == (tf.float32, [3.0, 3.0])


def test_assignments_in_a_graph_happen_in_order_and_read_the_current_value():
    v = Variable(1.0)

    @tf.function
    def step():
        v.assign(add(v, 1.0))
        before = multiply(v, 10.0)
        v.assign_add(2.0)
        return before

    assert [float(step()) for _ in range(2)] == [20.0, 50.0]
    assert float(v) == 7.0


def test_a_variable_made_while_a_function_is_traced_belongs_to_no_graph():
    made = []

    @tf.function
    def step(x):
        if not made:
            made.append(Variable([2.0]))
        return multiply(made[0], x)

    assert step(tf.constant(3.0)).numpy().tolist() == [6.0]
    assert made[0].numpy().tolist() == [2.0]


def test_tensorflow_takes_it_as_a_tensor():
    v = Variable([[1.0, 2.0]])
    assert tf.matmul(v, tf.transpose(v)).numpy().tolist() == [[5.0]]
    assert tf.convert_to_tensor(v).shape == (1, 2)
    assert matmul(v, tf.ones((2, 1))).numpy().tolist() == [[3.0]]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint32", "int64", "float16", "bfloat16", "float32", "float64"])
def test_every_dtype_is_stored_and_assigned(dtype):
    v = Variable(np.array([0, 1, 1]), dtype=dtype)
    v.assign(np.array([1, 0, 1]))
    assert v.dtype == dtype
    assert v.numpy().astype(int).tolist() == [1, 0, 1]


def test_what_was_read_before_an_assignment_stays_when_converted():
    from kmb_core.backend import convert_to_tensor

    v = Variable([1.0])
    before, host = convert_to_tensor(v), v.numpy()
    v.assign([5.0])
    assert before.numpy().tolist() == host.tolist() == [1.0]


def test_the_array_it_was_made_from_stays_its_own():
    values = np.zeros(1000, "float32")
    v = Variable(values)
    values[:] = 7
    assert v.numpy().sum() == 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_have_a_storage_of_their_own(copied):
    v = Variable([1.0], name="original", trainable=False)
    other = copied(v)
    other.assign([2.0])
    assert (v.numpy().tolist(), other.numpy().tolist()) == ([1.0], [2.0])
    assert (other.name, other.trainable) == ("original", False)


def waiting():
    layer = layers.Dense(4, use_bias=False, kernel_initializer=initializers.GlorotUniform(seed=3))
    layer.build((None, 5))
    assert layer.kernel._waiting is not None
    return layer, initializers.GlorotUniform(seed=3).sample((5, 4), "float32")


def test_a_value_that_waits_is_worked_out_while_a_function_is_traced():
    layer, expected = waiting()
    function = tf.function(lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: layer(x), lambda: x[:, :4]))
    for _ in range(2):
        np.testing.assert_allclose(function(tf.ones((2, 5))), np.ones((2, 5)) @ expected, rtol=1e-5)
    np.testing.assert_array_equal(layer.kernel.numpy(), expected)


def test_an_assignment_in_a_graph_comes_after_the_value_that_waits():
    layer, expected = waiting()

    @tf.function
    def double(condition):
        tf.cond(condition, lambda: layer.kernel.assign(tf.ones((5, 4)) * 2.0), lambda: layer.kernel.value + 0.0)

    double(tf.constant(False))
    np.testing.assert_array_equal(layer.kernel.numpy(), expected)
    double(tf.constant(True))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.full((5, 4), 2.0))


def test_a_tape_differentiates_with_respect_to_a_value_that_waits():
    layer, _ = waiting()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.ones((2, 5))))
    np.testing.assert_array_equal(tape.gradient(loss, layer.kernel.value), np.full((5, 4), 2.0))


def test_under_a_strategy_and_on_a_named_device_values_are_drawn_at_once():
    for scope in (tf.distribute.MirroredStrategy(["cpu:0"]).scope(), tf.device("cpu:0")):
        layer = layers.Dense(4)
        with scope:
            layer.build((None, 5))
        assert layer.kernel._waiting is None


def test_a_value_that_waits_is_made_outside_of_the_strategy_that_is_current_when_it_is_read():
    layer, expected = waiting()
    strategy = tf.distribute.MirroredStrategy(["cpu:0"])
    found = strategy.run(lambda: layer(tf.ones((1, 5))))
    np.testing.assert_allclose(strategy.experimental_local_results(found)[0], np.ones((1, 5)) @ expected, rtol=1e-5)
