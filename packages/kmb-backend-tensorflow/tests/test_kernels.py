"""Fused optimizer steps against the same maths written in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from kmb_backend_tensorflow.kernels import adam_update, sgd_update

RANDOM = np.random.default_rng(0)
SHAPES = ((3, 4), (4,), ())
RATE, BETA_1, BETA_2, EPSILON = 0.05, 0.9, 0.99, 1e-7


def setting(dtype="float64"):
    values = [RANDOM.normal(size=shape).astype(dtype) for shape in SHAPES]
    gradients = [[RANDOM.normal(size=shape).astype(dtype) for shape in SHAPES] for _ in range(4)]
    return values, gradients


def variables(values):
    return [tf.Variable(value) for value in values]


def zeros(values):
    return [np.zeros_like(value) for value in values]


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("decay", [None, 0.1])
@pytest.mark.parametrize("graph", [False, True])
def test_adam_is_its_formula(graph, decay, amsgrad):
    w, gradients = setting()
    m, v, largest = zeros(w), zeros(w), zeros(w)
    parameters, first, second = variables(w), variables(m), variables(v)
    maxima = variables(largest) if amsgrad else None

    def step(number, *given):
        adam_update(parameters, given, first, second, number, RATE, BETA_1, BETA_2, EPSILON, decay, maxima)

    run = tf.function(step, autograph=False) if graph else step
    for t, step_gradients in enumerate(gradients, 1):
        run(tf.constant(t), *map(tf.constant, step_gradients))
        for i, g in enumerate(step_gradients):
            if decay:
                w[i] = w[i] - w[i] * decay * RATE
            m[i] = BETA_1 * m[i] + (1 - BETA_1) * g
            v[i] = BETA_2 * v[i] + (1 - BETA_2) * g * g
            largest[i] = np.maximum(largest[i], v[i])
            rate = RATE * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
            w[i] = w[i] - rate * m[i] / (np.sqrt(largest[i] if amsgrad else v[i]) + EPSILON)
    for parameter, expected in zip(parameters, w, strict=True):
        np.testing.assert_allclose(parameter, expected, rtol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_descent_with_momentum_is_its_formula(momentum, nesterov):
    w, gradients = setting()
    velocity = zeros(w)
    parameters, slots = variables(w), variables(velocity) if momentum else None
    for step_gradients in gradients:
        sgd_update(parameters, list(map(tf.constant, step_gradients)), slots, RATE, momentum, nesterov)
        for i, g in enumerate(step_gradients):
            velocity[i] = momentum * velocity[i] - RATE * g
            w[i] = w[i] + (momentum * velocity[i] - RATE * g if nesterov and momentum else velocity[i])
    for parameter, expected in zip(parameters, w, strict=True):
        np.testing.assert_allclose(parameter, expected, rtol=1e-12)


def test_rows_that_occur_twice_are_summed_before_the_step():
    table = tf.Variable(np.ones((4, 2)))
    twin = tf.Variable(np.ones((4, 2)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table, [1, 1, 3]))
    sliced = tape.gradient(loss, table)
    assert isinstance(sliced, tf.IndexedSlices)
    whole = tf.constant(np.array([[0.0, 0.0], [2.0, 2.0], [0.0, 0.0], [1.0, 1.0]]))
    for variable, gradient in ((table, sliced), (twin, whole)):
        slots = [tf.Variable(np.zeros((4, 2))) for _ in range(2)]
        for step in (1, 2):
            adam_update([variable], [gradient], slots[:1], slots[1:], step, RATE, BETA_1, BETA_2, EPSILON)
    assert (table.numpy() == twin.numpy()).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_every_floating_dtype_steps(dtype):
    variable, gradient = tf.Variable(tf.ones((3,), dtype)), tf.ones((3,), dtype)
    slots = [tf.Variable(tf.zeros((3,), dtype)) for _ in range(2)]
    adam_update([variable], [gradient], slots[:1], slots[1:], 1, RATE, BETA_1, BETA_2, EPSILON)
    np.testing.assert_allclose(tf.cast(variable, tf.float32), np.full(3, 0.95), rtol=1e-2)
