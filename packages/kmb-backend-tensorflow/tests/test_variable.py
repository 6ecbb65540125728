"""Variables: storage, tapes, tf.function, and TensorFlow's own functions on them."""

import copy
import pickle

import numpy as np
import pytest
import tensorflow as tf

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
