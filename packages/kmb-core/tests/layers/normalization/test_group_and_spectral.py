"""Group and spectral normalization, against NumPy."""

import numpy as np
import pytest

from kmb_core import layers, ops
from kmb_core.errors import ShapeError


def test_each_group_of_channels_has_mean_0_and_variance_1(array, numpy):
    layer, x = layers.GroupNormalization(2, epsilon=1e-3), array(2, 5, 6, 4)
    grouped = x.reshape(2, 5, 6, 2, 2)
    mean, variance = grouped.mean((1, 2, 4), keepdims=True), grouped.var((1, 2, 4), keepdims=True)
    expected = ((grouped - mean) / np.sqrt(variance + 1e-3)).reshape(x.shape)
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(ShapeError, match="groups"):
        layers.GroupNormalization(2)(ops.ones((2, 3)))


def test_the_largest_singular_value_becomes_1(array, numpy):
    layer, x = layers.SpectralNormalization(layers.Dense(4), power_iterations=50), array(2, 3)
    layer.build(x.shape)
    kernel = array(3, 4)
    layer.layer.set_weights([kernel, np.zeros(4, "float32")])
    np.testing.assert_allclose(numpy(layer(x)), x @ kernel, atol=1e-5)
    trained = numpy(layer(x, training=True))
    np.testing.assert_allclose(trained, x @ kernel / np.linalg.norm(kernel, 2), atol=1e-3)
    assert abs(np.linalg.norm(layer.layer.kernel.numpy(), 2) - 1) < 1e-3


def test_a_layer_without_a_weight_matrix_is_refused():
    with pytest.raises(ValueError, match="kernel"):
        layers.SpectralNormalization(layers.Activation("relu")).build((2, 3))


def test_alpha_dropout_keeps_mean_and_variance(numpy):
    x = np.random.default_rng(0).normal(size=(200, 500)).astype("float32")
    dropped = numpy(layers.AlphaDropout(0.3, seed=1)(x, training=True))
    assert abs(dropped.mean()) < 0.02
    assert abs(dropped.var() - 1) < 0.03
