"""Layers that act while training."""

import numpy as np
import pytest

from kmb_core import layers, ops

NOISY = {
    "Dropout": lambda: layers.Dropout(0.4, seed=1),
    "SpatialDropout1D": lambda: layers.SpatialDropout1D(0.4, seed=1),
    "GaussianNoise": lambda: layers.GaussianNoise(0.4, seed=1),
    "GaussianDropout": lambda: layers.GaussianDropout(0.4, seed=1),
}


@pytest.mark.parametrize("name", NOISY)
def test_inputs_pass_unchanged_outside_of_training(name, array, numpy):
    x = array(2, 3, 4)
    for training in (False, None):
        np.testing.assert_array_equal(numpy(NOISY[name]()(x, training=training)), x)
    np.testing.assert_array_equal(numpy(NOISY[name]()(x)), x)


@pytest.mark.parametrize("name", NOISY)
def test_a_seed_makes_the_draws_repeatable_and_each_call_another(name, numpy):
    x = ops.ones((4, 50, 60))
    first, second = NOISY[name](), NOISY[name]()
    a, b, c = numpy(first(x, training=True)), numpy(second(x, training=True)), numpy(first(x, training=True))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize("name", NOISY)
def test_the_mean_stays(name, numpy):
    y = numpy(NOISY[name]()(ops.ones((1000, 1, 40)), training=True))
    assert abs(y.mean() - 1) < 0.03  # 40000 draws, half of it for whole channels; over 5 deviations


def test_dropped_elements_are_zero_and_the_others_scaled(numpy):
    y = numpy(layers.Dropout(0.25, seed=3)(ops.ones((100, 100)), training=True))
    assert set(np.round(np.unique(y), 5)) == {np.float32(0), np.round(np.float32(4 / 3), 5)}
    assert abs((y == 0).mean() - 0.25) < 0.02


def test_noise_shape_drops_slices_as_a_whole(numpy):
    y = numpy(layers.Dropout(0.5, noise_shape=(None, 1, 8), seed=3)(ops.ones((20, 5, 8)), training=True))
    assert (y == y[:, :1]).all()
    assert 0 < (y == 0).mean() < 1


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_spatial_dropout_drops_whole_channels(data_format, numpy):
    y = numpy(layers.SpatialDropout2D(0.5, data_format, seed=3)(ops.ones((9, 8, 8, 8)), training=True))
    spatial = (1, 2) if data_format == "channels_last" else (2, 3)
    assert (y.min(spatial) == y.max(spatial)).all()
    assert 0 < (y == 0).mean() < 1


def test_a_rate_of_zero_has_no_seed_and_a_rate_of_one_drops_everything(numpy):
    assert layers.Dropout(0).variables == []
    assert (numpy(layers.Dropout(1.0)(ops.ones((3, 3)), training=True)) == 0).all()


@pytest.mark.parametrize("rate", [-0.1, 1.1, "half", None, float("nan")])
def test_a_rate_outside_of_zero_to_one_is_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        layers.Dropout(rate)


def test_activity_regularization_adds_to_the_losses(array, numpy):
    layer, x = layers.ActivityRegularization(l1=0.5, l2=2.0), array(4, 3)
    np.testing.assert_array_equal(numpy(layer(x)), x)
    expected = (0.5 * np.abs(x).sum() + 2.0 * (x**2).sum()) / 4
    np.testing.assert_allclose(float(layer.losses[0]), expected, rtol=1e-5)
