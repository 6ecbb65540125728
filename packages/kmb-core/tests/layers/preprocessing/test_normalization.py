"""Normalization, beside NumPy's mean and variance."""

import numpy as np
import pytest

from kmb_core import layers
from kmb_core.errors import ShapeError


@pytest.fixture
def data(random):
    return random.normal(3.0, 2.0, (40, 5, 3)).astype("float32")


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None])
def test_data_gets_mean_zero_and_variance_one(axis, data, numpy):
    layer = layers.Normalization(axis=axis)
    layer.adapt(data)
    kept = () if axis is None else tuple(a % 3 for a in ((axis,) if isinstance(axis, int) else axis))
    over = tuple(a for a in range(3) if a not in kept)
    y = numpy(layer(data))
    np.testing.assert_allclose(y, (data - data.mean(over, keepdims=True)) / data.std(over, keepdims=True), atol=2e-5)


def test_batches_give_what_all_rows_at_once_give(data, numpy):
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(data)
    parts.adapt(iter([data[:1], data[1:30], data[30:]]))
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_inverted_it_undoes_itself(data, numpy):
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    there.adapt(data)
    back.adapt(data)
    np.testing.assert_allclose(numpy(back(there(data))), data, atol=1e-4)


def test_a_second_adapt_forgets_the_first(data, numpy):
    layer = layers.Normalization()
    layer.adapt(data * 10 + 3)
    layer.adapt(data)
    np.testing.assert_allclose(numpy(layer(data)).mean((0, 1)), 0, atol=1e-5)


def test_large_numbers_keep_their_variance():
    layer = layers.Normalization()
    layer.adapt(np.array([[1e6 + 1], [1e6 + 2], [1e6 + 3]]))
    np.testing.assert_allclose(layer.get_weights()[1], [2 / 3], rtol=1e-6)


def test_constant_columns_give_no_infinity(numpy):
    layer = layers.Normalization()
    layer.adapt([[1.0, 5.0], [2.0, 5.0]])
    assert np.isfinite(numpy(layer([[1.0, 5.0]]))).all()


def test_weights_that_are_set_are_used(numpy):
    layer = layers.Normalization()
    layer.build((None, 2))
    layer.set_weights([np.array([1.0, 2.0]), np.array([4.0, 9.0]), np.array(0)])
    np.testing.assert_allclose(numpy(layer([[3.0, 5.0]])), [[1.0, 1.0]], rtol=1e-6)


def test_data_with_nan_is_named():
    with pytest.warns(UserWarning, match="holds NaN"):
        layers.Normalization().adapt([[1.0, np.nan]])


@pytest.mark.parametrize(
    ("arguments", "data", "match"),
    [
        ({"mean": 1.0}, None, "given together"),
        ({"mean": 1.0, "variance": -1.0}, None, "not negative"),
        ({"axis": "last"}, None, "axis is a whole number"),
        ({}, np.zeros((0, 3)), "no data"),
        ({}, np.array([["a"]]), "expected numbers"),
        ({"axis": 3}, np.zeros((2, 3)), "is not one of the 2 axes"),
        ({"mean": 1.0, "variance": 1.0}, np.zeros((2, 3)), "nothing to find"),
        ({}, iter([(np.zeros((2, 3)), np.zeros(2))]), "tuple of 2"),
    ],
)
def test_what_cannot_be_is_refused(arguments, data, match):
    with pytest.raises(ValueError, match=match):
        layers.Normalization(**arguments).adapt(data)


def test_data_of_another_shape_is_refused():
    layer = layers.Normalization()
    layer.adapt(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="does not fit"):
        layer.adapt(np.ones((2, 4)))
    with pytest.raises(ShapeError, match="is not known"):
        layers.Normalization().build((None, None))
