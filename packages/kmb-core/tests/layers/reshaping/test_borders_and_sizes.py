"""Cropping, padding, upsampling, adaptive pooling and Dot, against NumPy."""

import numpy as np
import pytest

from kmb_core import layers, ops
from kmb_core.errors import ShapeError


def test_cropping_leaves_the_middle(array, numpy):
    x = array(2, 5, 6, 3)
    np.testing.assert_array_equal(numpy(layers.Cropping2D(((1, 0), (0, 2)))(x)), x[:, 1:, :-2])
    np.testing.assert_array_equal(numpy(layers.Cropping1D((1, 2))(x[:, :, 0])), x[:, 1:-2, 0])
    first = layers.Cropping2D(1, data_format="channels_first")(x)
    np.testing.assert_array_equal(numpy(first), x[:, :, 1:-1, 1:-1])


def test_cropping_of_everything_is_refused():
    with pytest.raises(ShapeError, match="nothing is left"):
        layers.Cropping1D(2)(ops.ones((1, 4, 2)))


def test_padding_is_zero(array, numpy):
    x = array(2, 3, 4, 3)
    expected = np.pad(x, ((0, 0), (1, 0), (0, 2), (0, 0)))
    np.testing.assert_array_equal(numpy(layers.ZeroPadding2D(((1, 0), (0, 2)))(x)), expected)
    np.testing.assert_array_equal(numpy(layers.ZeroPadding1D(1)(x[0])), np.pad(x[0], ((0, 0), (1, 1), (0, 0))))


def test_upsampling_repeats(array, numpy):
    x = array(2, 3, 4, 3)
    np.testing.assert_array_equal(numpy(layers.UpSampling2D((2, 3))(x)), x.repeat(2, 1).repeat(3, 2))
    integers = np.arange(6).reshape(1, 3, 2)
    np.testing.assert_array_equal(numpy(layers.UpSampling1D(2)(integers)), integers.repeat(2, 1))


def test_adaptive_windows_cover_the_axis(array, numpy):
    x = array(2, 7, 3)
    expected = np.stack([x[:, 0:3].mean(1), x[:, 2:5].mean(1), x[:, 4:7].mean(1)], 1)
    np.testing.assert_allclose(numpy(layers.AdaptiveAveragePooling1D(3)(x)), expected, atol=1e-6)
    largest = np.stack([x[:, 0:3].max(1), x[:, 2:5].max(1), x[:, 4:7].max(1)], 1)
    np.testing.assert_array_equal(numpy(layers.AdaptiveMaxPooling1D(3)(x)), largest)


def test_dot_sums_over_an_axis_of_each(array, numpy):
    x, y = array(2, 3, 4, 5), array(2, 6, 4)
    expected = np.einsum("zabc,zdb->zacd", x, y)
    np.testing.assert_allclose(numpy(layers.Dot((2, 2))([x, y])), expected, atol=1e-5)
    rows = array(2, 5)
    cosine = layers.dot([rows, 3 * rows], axes=1, normalize=True)
    np.testing.assert_allclose(numpy(cosine), np.ones((2, 1)), atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.ZeroPadding2D((1, 2, 3)),
        lambda: layers.Cropping3D(-1),
        lambda: layers.UpSampling2D(0),
        lambda: layers.AdaptiveMaxPooling2D((2, 0)),
        lambda: layers.Dot(1)([ops.ones((2, 3)), ops.ones((2, 4))]),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(ShapeError):
        make()
