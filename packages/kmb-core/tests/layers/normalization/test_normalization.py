"""Normalization layers against their formulas."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.initializers import Constant, RandomNormal


def along(values, axis, rank):
    shape = [1] * rank
    shape[axis] = -1
    return np.reshape(values, shape)


@pytest.mark.parametrize("axis", [-1, 1, 2])
@pytest.mark.parametrize(("center", "scale"), [(True, True), (False, True), (True, False), (False, False)])
def test_training_uses_the_batch_and_moves_the_averages(axis, center, scale, array, numpy):
    layer = layers.BatchNormalization(
        axis, 0.7, 1e-2, center, scale, beta_initializer=RandomNormal(), gamma_initializer=RandomNormal()
    )
    x = array(4, 5, 6) * 3 + 2
    y = numpy(layer(x, training=True))
    others = tuple(i for i in range(3) if i != axis % 3)
    mean, variance = x.mean(others), x.var(others)
    expected = (x - along(mean, axis, 3)) / np.sqrt(along(variance, axis, 3) + 1e-2)
    if scale:
        expected = expected * along(layer.gamma.numpy(), axis, 3)
    if center:
        expected = expected + along(layer.beta.numpy(), axis, 3)
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.3 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.7 + 0.3 * variance, rtol=1e-4)


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 5, 3)])
def test_inference_uses_the_averages_and_leaves_them_alone(shape, array, numpy):
    layer = layers.BatchNormalization(moving_mean_initializer=Constant(2.0), moving_variance_initializer=Constant(9.0))
    x = array(*shape)
    for training in (False, None):
        np.testing.assert_allclose(numpy(layer(x, training=training)), (x - 2) / np.sqrt(9.001), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.full(3, 2.0))


def test_a_frozen_layer_uses_the_averages_in_training_too(array, numpy):
    layer, x = layers.BatchNormalization(epsilon=0.0), array(4, 3)
    layer.trainable = False
    np.testing.assert_allclose(numpy(layer(x, training=True)), x, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(3))


def test_masked_elements_do_not_count(array):
    x = array(2, 4, 3)
    mask = np.array([[True, True, False, True], [True, False, False, False]])
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=ops.convert_to_tensor(mask))
    np.testing.assert_allclose(layer.moving_mean.numpy(), x[mask].mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), x[mask].var(0), rtol=1e-4, atol=1e-5)


def test_a_mean_that_is_large_against_the_deviation_does_not_spoil_it(numpy):
    x = np.array([[10000.0], [10001.0], [10002.0], [10003.0]], "float32")
    y = numpy(layers.BatchNormalization(epsilon=0.0)(x, training=True))
    np.testing.assert_allclose(y[:, 0], np.array([-1.5, -0.5, 0.5, 1.5]) / np.sqrt(1.25), rtol=1e-3)


def test_variables_have_the_order_and_paths_of_files():
    layer = layers.BatchNormalization(renorm=True)
    layer.build((None, 7))
    names = ["gamma", "beta", "moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"]
    assert [v.path for v in layer.variables] == [f"batch_normalization/{name}" for name in names]
    assert len(layer.trainable_variables) == 2


def test_renormalized_outputs_are_those_of_the_averages(array, numpy):
    # Without limits the correction undoes the batch's statistics: algorithm 1 of the paper.
    layer = layers.BatchNormalization(renorm=True, epsilon=1e-3, moving_variance_initializer=Constant(4.0))
    x = array(6, 2) * 2 + 1
    y = numpy(layer(x, training=True))
    np.testing.assert_allclose(y, x / 2.0, rtol=1e-3, atol=1e-3)


def test_renormalization_is_limited(array, numpy):
    limits = {"rmax": 1.0, "rmin": 1.0, "dmax": 0.0}
    plain, limited = layers.BatchNormalization(), layers.BatchNormalization(renorm=True, renorm_clipping=limits)
    x = array(6, 2)
    np.testing.assert_allclose(numpy(limited(x, training=True)), numpy(plain(x, training=True)), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="rmax, rmin and dmax"):
        layers.BatchNormalization(renorm=True, renorm_clipping={"max": 1})


@pytest.mark.parametrize(("axis", "shape"), [(3, (2, 3)), (-1, (2, None)), ((1, 2), (2, 3, 4))])
def test_axes_that_do_not_fit_are_refused(axis, shape):
    with pytest.raises(ValueError, match="axis"):
        layers.BatchNormalization(axis=axis).build(shape)


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), [-1, -2], (1, 3)])
def test_layer_normalization_is_its_formula(axis, array, numpy):
    layer = layers.LayerNormalization(axis, 1e-2, beta_initializer=RandomNormal(), gamma_initializer=RandomNormal())
    x = array(2, 3, 4, 5) * 2 + 1
    y = numpy(layer(x))
    axes = tuple(sorted(a % 4 for a in ([axis] if isinstance(axis, int) else axis)))
    shape = [x.shape[i] if i in axes else 1 for i in range(4)]
    gamma, beta = (v.numpy().reshape(shape) for v in layer.weights)
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-2) * gamma + beta
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)


def test_layer_normalization_without_weights(array, numpy):
    layer, x = layers.LayerNormalization(center=False, scale=False, epsilon=0.0), array(3, 8)
    y = numpy(layer(x))
    assert layer.weights == []
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(-1), 1, rtol=1e-3)


def test_layer_normalization_of_unknown_sizes_is_refused():
    with pytest.raises(ValueError, match="known sizes"):
        layers.LayerNormalization()(kmb_core.Input((None,)))
    with pytest.raises(ValueError, match="axis 3"):
        layers.LayerNormalization(axis=3)(ops.ones((2, 3)))


@pytest.mark.parametrize("axis", [-1, (1, 2)])
def test_rms_normalization_is_its_formula(axis, array, numpy):
    layer, x = layers.RMSNormalization(axis, 1e-2), array(2, 3, 4)
    expected = x / np.sqrt((x**2).mean(axis, keepdims=True) + 1e-2)
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=1e-4, atol=1e-5)
    assert [v.name for v in layer.weights] == ["scale"]


def test_unit_normalization_gives_vectors_of_length_one(array, numpy):
    y = numpy(layers.UnitNormalization()(array(3, 5)))
    np.testing.assert_allclose((y**2).sum(-1), 1, rtol=1e-5)
