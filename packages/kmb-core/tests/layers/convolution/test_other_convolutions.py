"""Transposed, depthwise and separable convolutions, against sums written out."""

import numpy as np
import pytest

from kmb_core import layers, ops
from kmb_core.errors import ShapeError


def spread(x, kernel, stride):
    """A transposed convolution of one axis, element by element."""
    batch, size, _ = x.shape
    width, filters, _ = kernel.shape
    y = np.zeros((batch, (size - 1) * stride + max(width, stride), filters))
    for place in range(size):
        for offset in range(width):
            y[:, place * stride + offset] += x[:, place] @ kernel[offset].T
    return y


def each_channel(x, kernel, stride):
    """A depthwise convolution of two axes without padding."""
    (height, width, channels, multiplier), (batch, rows, columns, _) = kernel.shape, x.shape
    counts = (rows - height) // stride + 1, (columns - width) // stride + 1
    y = np.zeros((batch, *counts, channels, multiplier))
    for i in range(counts[0]):
        for j in range(counts[1]):
            window = x[:, i * stride : i * stride + height, j * stride : j * stride + width]
            y[:, i, j] = np.einsum("bhwc,hwcm->bcm", window, kernel)
    return y.reshape(batch, *counts, channels * multiplier)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_transposed_convolution_spreads_each_element(array, numpy, stride):
    layer, x = layers.Conv1DTranspose(4, 3, strides=stride, bias_initializer="normal"), array(2, 5, 3)
    outputs = numpy(layer(x))
    np.testing.assert_allclose(outputs, spread(x, layer.kernel.numpy(), stride) + layer.bias.numpy(), atol=1e-5)


def test_transposed_convolution_takes_channels_first_too(array, numpy):
    last, x = layers.Conv2DTranspose(4, 3, strides=2, bias_initializer="normal"), array(2, 4, 5, 3)
    first = layers.Conv2DTranspose(4, 3, strides=2, data_format="channels_first")
    expected = numpy(last(x))
    first.build((2, 3, 4, 5))
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(numpy(first(x.transpose(0, 3, 1, 2))), expected.transpose(0, 3, 1, 2), atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_convolution_is_one_for_each_channel(array, numpy, stride):
    layer, x = layers.DepthwiseConv2D((2, 3), strides=stride, depth_multiplier=2), array(2, 5, 6, 3)
    np.testing.assert_allclose(numpy(layer(x)), each_channel(x, layer.kernel.numpy(), stride), atol=1e-5)


def test_separable_convolution_mixes_the_channels_of_a_depthwise_one(array, numpy):
    layer, x = layers.SeparableConv2D(4, 2, depth_multiplier=2, activation="relu"), array(2, 5, 6, 3)
    outputs = numpy(layer(x))
    deep = each_channel(x, layer.depthwise_kernel.numpy(), 1)
    np.testing.assert_allclose(outputs, np.maximum(deep @ layer.pointwise_kernel.numpy()[0, 0], 0), atol=1e-5)


def test_shapes_are_known_without_weights():
    layer = layers.Conv2DTranspose(4, 3, strides=2, padding="same")
    assert layer.compute_output_shape((None, 5, None, 3)) == (None, 10, None, 4)
    assert not layer.built


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: layers.Conv2DTranspose(4, 3, strides=2, dilation_rate=2), ValueError),
        (lambda: layers.Conv1DTranspose(4, 3, strides=2, output_padding=2), ValueError),
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), ValueError),
        (lambda: layers.SeparableConv1D(4, 3, padding="causal"), ValueError),
        (lambda: layers.DepthwiseConv2D(3)(ops.ones((1, 2, 2, 3))), ShapeError),
        (lambda: layers.Conv2DTranspose(4, 3).compute_output_shape((1, 2, 2, None)), ShapeError),
    ],
)
def test_what_does_not_fit_is_refused(make, error):
    with pytest.raises(error):
        make()
