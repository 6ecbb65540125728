"""Activation functions as layers."""

import numpy as np
import pytest
from scipy.special import softmax

import kmb_core
from kmb_core import layers, ops


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: layers.ReLU(), lambda x: np.maximum(x, 0)),
        (
            lambda: layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.5),
            lambda x: np.where(x < 0.5, 0.1 * (x - 0.5), np.minimum(x, 1.0)),
        ),
        (lambda: layers.LeakyReLU(0.2), lambda x: np.where(x < 0, 0.2 * x, x)),
        (lambda: layers.ELU(0.5), lambda x: np.where(x < 0, 0.5 * np.expm1(x), x)),
        (
            lambda: layers.PReLU(alpha_initializer=kmb_core.initializers.Constant(0.3)),
            lambda x: np.where(x < 0, 0.3 * x, x),
        ),
        (lambda: layers.Softmax(), lambda x: softmax(x, -1)),
        (lambda: layers.Softmax((1, 2)), lambda x: softmax(x, (1, 2))),
    ],
)
def test_it_is_its_formula(layer, expected, array, numpy):
    x = array(3, 4, 5)
    np.testing.assert_allclose(numpy(layer()(x)), expected(x), rtol=1e-5, atol=1e-6)
    assert layer()(kmb_core.Input((4, 5))).shape == (None, 4, 5)


def test_masked_elements_get_no_share(numpy):
    mask = ops.convert_to_tensor(np.array([[True, False, True]]))
    y = numpy(layers.Softmax()(np.array([[1.0, 2.0, 3.0]], "float32"), mask=mask))
    np.testing.assert_allclose(y, [[0.11920292, 0, 0.88079708]], rtol=1e-5)


def test_slopes_can_be_shared_along_axes():
    layer = layers.PReLU(shared_axes=[1])
    layer.build((None, 9, 7))
    assert layer.alpha.shape == (1, 7)
    assert tuple(layer(np.ones((2, 5, 7), "float32")).shape) == (2, 5, 7)


@pytest.mark.parametrize(
    "arguments", [{"max_value": -1}, {"negative_slope": -1}, {"threshold": -1}, {"threshold": None}]
)
def test_negative_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        layers.ReLU(**arguments)
