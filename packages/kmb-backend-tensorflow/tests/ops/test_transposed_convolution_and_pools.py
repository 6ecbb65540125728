"""Graphs that do not know their sizes, XLA, and gradients of what TensorFlow has no kernel for."""

import numpy as np
import pytest
import tensorflow as tf

from kmb_core import ops

RANDOM = np.random.default_rng(0)


def tensor(*shape):
    return tf.constant(RANDOM.normal(size=shape), tf.float64)


KERNEL, EACH, POINT = tensor(3, 2, 2, 2), tensor(3, 2, 2, 1), tensor(1, 1, 2, 3)
CALLS = {
    "conv": lambda x, d: ops.conv(x, KERNEL, (1, 2), "same", d),
    "conv, dilated": lambda x, d: ops.conv(x, KERNEL, 1, "same", d, 2),
    "depthwise": lambda x, d: ops.depthwise_conv(x, EACH, 2, "same", d),
    "depthwise, two strides": lambda x, d: ops.depthwise_conv(x, EACH, (1, 2), "same", d),
    "depthwise, dilated": lambda x, d: ops.depthwise_conv(x, EACH, 1, "valid", d, 2),
    "separable": lambda x, d: ops.separable_conv(x, EACH, POINT, 1, "same", d),
    "transposed": lambda x, d: ops.conv_transpose(x, KERNEL, 2, "same", None, d),
    "transposed, cut": lambda x, d: ops.conv_transpose(x, KERNEL, 2, "same", 0, d),
    "transposed, dilated": lambda x, d: ops.conv_transpose(x, KERNEL, 1, "valid", 1, d, 2),
    "adaptive average": lambda x, d: ops.adaptive_average_pool(x, (2, 3), d),
    "adaptive average, larger": lambda x, d: ops.adaptive_average_pool(x, 9, d),
    "adaptive maximum": lambda x, d: ops.adaptive_max_pool(x, (3, 4), d),
}


def with_gradient(function):
    """Values, and the gradient of the sum of their squares."""

    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            total = tf.reduce_sum(y * y)
        return y, tape.gradient(total, x)

    return both


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", CALLS)
def test_a_graph_of_unknown_sizes_computes_the_same_with_its_gradient(name, data_format, jit_compile):
    both = with_gradient(lambda x: CALLS[name](x, data_format))
    first = data_format == "channels_first"
    signature = tf.TensorSpec((None, 2, None, None) if first else (None, None, None, 2), tf.float64)
    graph = tf.function(both, input_signature=[signature], jit_compile=jit_compile)
    for sizes in ((7, 6), (5, 8)):
        x = tensor(2, 2, *sizes) if first else tensor(2, *sizes, 2)
        for found, expected in zip(graph(x), both(x), strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", CALLS)
def test_a_gradient_is_the_difference_quotient(name):
    function, x, step = CALLS[name], tensor(1, 6, 5, 2), 1e-6
    _, gradient = with_gradient(lambda x: function(x, "channels_last"))(x)
    for _ in range(4):
        direction = tensor(*x.shape)
        values = [tf.reduce_sum(function(x + sign * step * direction, "channels_last") ** 2) for sign in (1, -1)]
        quotient = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(tf.reduce_sum(gradient * direction).numpy(), quotient.numpy(), rtol=1e-5, atol=1e-6)


def test_what_is_pooled_to_a_size_has_that_size_in_a_graph():
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def graph(x):
        y = ops.adaptive_max_pool(x, (2, 5))
        assert y.shape.as_list() == [None, 2, 5, 3]
        return y

    assert graph(tf.ones((4, 7, 9, 3))).shape == (4, 2, 5, 3)
