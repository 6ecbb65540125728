"""Rescaling, beside the formula."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers


def test_inputs_are_scaled_and_shifted(array, numpy):
    x = array(2, 4, 3)
    np.testing.assert_allclose(numpy(layers.Rescaling(2.0, -1.0)(x)), x * 2 - 1, rtol=1e-6)


def test_bytes_become_floats_before_they_are_scaled(numpy):
    y = numpy(layers.Rescaling(2)(np.array([200, 255], "uint8")))
    assert y.dtype == np.float32
    assert y.tolist() == [400.0, 510.0]


def test_each_channel_has_its_own_numbers(array, numpy):
    x = array(2, 4, 4, 3)
    layer = layers.Rescaling([1.0, 2.0, 3.0], offset=np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(numpy(layer(x)), x * [1, 2, 3] + [0, 1, 2], atol=1e-5)
    again = layers.Rescaling.from_config(kmb_core.saving.serialize_keras_object(layer)["config"])
    np.testing.assert_allclose(numpy(again(x)), numpy(layer(x)))


def test_channels_that_come_first_are_found(array, numpy, monkeypatch):
    monkeypatch.setattr("kmb_core.layers.preprocessing.rescaling.image_data_format", lambda: "channels_first")
    x = array(2, 3, 4, 5)
    np.testing.assert_allclose(
        numpy(layers.Rescaling([1.0, 2.0, 3.0])(x)), x * np.reshape([1, 2, 3], (3, 1, 1)), rtol=1e-6
    )


@pytest.mark.parametrize("scale", ["half", None, [None], object()])
def test_a_scale_that_is_no_number_is_refused(scale):
    with pytest.raises(ValueError, match="Rescaling 'rescaling': scale is a number"):
        layers.Rescaling(scale)
