"""Layers that make one tensor of several."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers

ARITHMETIC = {
    "Add": lambda xs: sum(xs),
    "Multiply": lambda xs: np.prod(np.broadcast_arrays(*xs), axis=0),
    "Average": lambda xs: sum(xs) / len(xs),
    "Maximum": lambda xs: np.max(np.broadcast_arrays(*xs), axis=0),
    "Minimum": lambda xs: np.min(np.broadcast_arrays(*xs), axis=0),
}


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_it_equals_numpys(name, count, array, numpy):
    xs = [array(2, 3, 4) for _ in range(count)]
    layer = getattr(layers, name)()
    for _ in range(2):  # the second call takes the quick way
        np.testing.assert_allclose(numpy(layer(xs)), ARITHMETIC[name](xs), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(numpy(getattr(layers, name.lower())(xs)), ARITHMETIC[name](xs), rtol=1e-5, atol=1e-6)


def test_subtract_takes_two(array, numpy):
    a, b = array(2, 3), array(2, 3)
    np.testing.assert_allclose(numpy(layers.subtract([a, b])), a - b, rtol=1e-6)
    for wrong in ([a], [a, a, a]):
        with pytest.raises(ValueError, match="expected 2 inputs"):
            layers.Subtract()(wrong)


def test_fewer_axes_are_filled_up_behind_the_batch(array, numpy):
    a, b = array(2, 3, 4), array(2, 4)
    layer = layers.Add()
    np.testing.assert_allclose(numpy(layer([a, b])), a + b[:, None], rtol=1e-6)
    np.testing.assert_allclose(numpy(layer([b, a])), a + b[:, None], rtol=1e-6)
    assert layers.Add()([kmb_core.Input((3, 4)), kmb_core.Input((4,))]).shape == (None, 3, 4)


def test_a_layer_built_for_even_ranks_takes_uneven_ones_too(array, numpy):
    layer = layers.Add()
    layer([array(3, 3), array(3, 3)])
    a, b = array(3, 3, 3), array(3, 3)
    np.testing.assert_allclose(
        numpy(layer([kmb_core.ops.convert_to_tensor(a), kmb_core.ops.convert_to_tensor(b)])), a + b[:, None], rtol=1e-6
    )


@pytest.mark.parametrize("shapes", [[(2, 3), (2, 4)], [(2, 3), (1, 3)], [(2, 3, 4), (2, 3)], [(), ()]])
def test_shapes_that_do_not_broadcast_are_refused(shapes, array):
    with pytest.raises(ValueError, match="Add 'add'"):
        layers.Add()([array(*shape) for shape in shapes])


@pytest.mark.parametrize("name", ["Add", "Concatenate"])
def test_a_single_tensor_is_refused(name, array):
    with pytest.raises(ValueError, match="expected a list of tensors"):
        getattr(layers, name)()(array(2, 3))
    with pytest.raises(ValueError, match="expected a list of tensors"):
        getattr(layers, name)()([])


def test_what_counts_in_one_input_counts(numpy):
    layer, x = layers.Add(), np.ones((1, 3, 2), "float32")
    a, b = np.array([[True, False, False]]), np.array([[True, True, False]])
    np.testing.assert_array_equal(numpy(layer.compute_mask([x, x], [a, b])), [[True, True, False]])
    assert layer.compute_mask([x, x], [a, None]) is None


@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
def test_concatenate_equals_numpys(axis, array, numpy):
    a, b = array(2, 3, 4), array(2, 3, 4)
    np.testing.assert_array_equal(numpy(layers.Concatenate(axis)([a, b])), np.concatenate([a, b], axis))
    np.testing.assert_array_equal(numpy(layers.concatenate([a, b], axis)), np.concatenate([a, b], axis))


def test_concatenate_adds_up_sizes_and_keeps_unknown_ones():
    join = layers.Concatenate()
    assert join.compute_output_shape([(None, 3), (2, 4)]) == (2, 7)
    assert join.compute_output_shape([(None, None), (None, 4)]) == (None, None)
    assert join([kmb_core.Input((3,)), kmb_core.Input((4,))]).shape == (None, 7)


@pytest.mark.parametrize("shapes", [[(2, 3), (3, 4)], [(2, 3), (2, 4, 1)]])
def test_concatenate_refuses_shapes_that_differ_elsewhere(shapes, array):
    with pytest.raises(ValueError, match="agree but for axis -1"):
        layers.Concatenate()([array(*shape) for shape in shapes])


def test_concatenate_refuses_an_axis_that_is_not_there(array):
    with pytest.raises(ValueError, match="axis 5"):
        layers.Concatenate(5)([array(2, 3), array(2, 3)])


def test_masks_are_concatenated_along_their_axes(array, numpy):
    x = array(1, 2, 3)
    a, b = np.array([[True, False]]), np.array([[False, False]])
    along = layers.Concatenate(1).compute_mask([x, x], [a, None])
    np.testing.assert_array_equal(numpy(along), [[True, False, True, True]])
    np.testing.assert_array_equal(numpy(layers.Concatenate(-1).compute_mask([x, x], [a, b])), [[True, False]])
    assert layers.Concatenate().compute_mask([x, x], [None, None]) is None
