"""TimeDistributed: each slice as the layer alone would see it."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend.masks import get_mask

CLOSE = {"rtol": 1e-4, "atol": 2e-5}


def test_each_slice_is_what_the_layer_makes_of_it(array, numpy):
    for inner, shape in (
        (layers.Dense(4), (2, 3, 5)),
        (layers.Conv1D(4, 2), (2, 3, 6, 5)),
        (layers.GRU(4), (2, 3, 6, 5)),
    ):
        layer, x = layers.TimeDistributed(inner), array(*shape)
        got = numpy(layer(x))
        wanted = np.stack([numpy(inner(x[:, time])) for time in range(3)], 1)
        np.testing.assert_allclose(got, wanted, **CLOSE)
        assert layer.compute_output_shape(x.shape) == got.shape


def test_unknown_sizes_stay_unknown():
    layer = layers.TimeDistributed(layers.Dense(4))
    assert layer(kmb_core.Input((None, 5))).shape == (None, None, 4)
    assert layer(kmb_core.Input((7, 5))).shape == (None, 7, 4)


def test_statistics_are_those_of_one_slice_after_the_other(array, numpy):
    x = array(6, 3, 4)
    layer = layers.TimeDistributed(layers.BatchNormalization(momentum=0.5))
    got = numpy(layer(x, training=True))
    mean, variance = x.mean(0, keepdims=True), x.var(0, keepdims=True)
    np.testing.assert_allclose(got, (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-3, atol=1e-4)
    moving = np.zeros(4)
    for time in range(3):
        moving = 0.5 * moving + 0.5 * x[:, time].mean(0)
    np.testing.assert_allclose(layer.get_weights()[2], moving, **CLOSE)


def test_the_mask_behind_batch_and_time_reaches_the_layer_inside(array, numpy):
    inner, x = layers.LSTM(4), array(2, 3, 5, 2)
    mask = np.random.default_rng(1).integers(0, 2, (2, 3, 5)).astype(bool)
    got = numpy(layers.TimeDistributed(inner)(x, mask=mask))
    wanted = np.stack([numpy(inner(x[:, time], mask=mask[:, time])) for time in range(3)], 1)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_the_mask_of_the_steps_goes_on(numpy):
    words = np.array([[1, 2, 0], [3, 0, 0]])
    outputs = layers.TimeDistributed(layers.Dense(4))(layers.Embedding(5, 3, mask_zero=True)(words))
    np.testing.assert_array_equal(numpy(get_mask(outputs)), words != 0)


def test_what_has_no_time_is_refused(array):
    with pytest.raises(kmb_core.errors.ShapeError, match="at least 3 axes"):
        layers.TimeDistributed(layers.Dense(4))(array(2, 3))
    with pytest.raises(TypeError, match="layer to wrap"):
        layers.TimeDistributed(3)
