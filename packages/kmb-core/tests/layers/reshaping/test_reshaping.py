"""Layers that change shapes."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers

CASES = [
    (lambda: layers.Flatten(), (3, 4), lambda x: x.reshape(x.shape[0], -1)),
    (lambda: layers.Flatten(), (), lambda x: x[:, None]),
    (lambda: layers.Flatten(), (0, 4), lambda x: x.reshape(x.shape[0], 0)),
    (lambda: layers.Flatten("channels_first"), (3, 4, 5), lambda x: np.moveaxis(x, 1, -1).reshape(x.shape[0], -1)),
    (lambda: layers.Reshape((6, 2)), (3, 4), lambda x: x.reshape(-1, 6, 2)),
    (lambda: layers.Reshape((-1, 2)), (3, 4), lambda x: x.reshape(x.shape[0], -1, 2)),
    (lambda: layers.Reshape(()), (1,), lambda x: x.reshape(-1)),
    (lambda: layers.Permute((3, 1, 2)), (3, 4, 5), lambda x: x.transpose(0, 3, 1, 2)),
    (lambda: layers.RepeatVector(3), (4,), lambda x: np.repeat(x[:, None], 3, 1)),
]


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize(("make", "shape", "expected"), CASES)
def test_it_equals_numpys(make, shape, expected, dtype, array, numpy):
    x = (array(2, *shape) * 10).astype(dtype)
    y = numpy(make()(x))
    np.testing.assert_array_equal(y, expected(x))
    assert y.dtype == x.dtype
    symbolic = make()(kmb_core.Input(shape, dtype=dtype))
    assert (symbolic.shape, symbolic.dtype) == ((None, *expected(x).shape[1:]), dtype)


def test_an_empty_batch_is_flattened():
    assert tuple(layers.Flatten()(np.zeros((0, 3, 4), "float32")).shape) == (0, 12)


def test_unknown_sizes_stay_unknown():
    assert layers.Flatten()(kmb_core.Input((None, 4))).shape == (None, None)
    assert layers.Reshape((-1, 2))(kmb_core.Input((None, 4))).shape == (None, None, 2)


@pytest.mark.parametrize("target", [(-1, -1), (-2,), (2.5,)])
def test_a_target_that_is_no_shape_is_refused(target):
    with pytest.raises(ValueError, match="target_shape"):
        layers.Reshape(target)


@pytest.mark.parametrize("target", [(5, 2), (-1, 5), (7,)])
def test_another_number_of_elements_is_refused_eagerly_and_symbolically(target, array):
    with pytest.raises(ValueError):
        layers.Reshape(target)(array(10, 3, 4))
    with pytest.raises(ValueError, match="as many elements"):
        layers.Reshape(target)(kmb_core.Input((3, 4)))


def test_the_batch_never_takes_up_the_difference(array):
    with pytest.raises(ValueError):
        layers.Reshape((5, 2))(array(5, 12))


@pytest.mark.parametrize("dims", [(0, 1), (1, 3), (1, 1)])
def test_an_order_that_is_none_is_refused(dims):
    with pytest.raises(ValueError, match="dims"):
        layers.Permute(dims)
