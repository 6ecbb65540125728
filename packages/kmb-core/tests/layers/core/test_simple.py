"""Activation, Identity, Masking, Wrapper."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend.masks import get_mask


def test_activation_takes_names_functions_and_layers(array, numpy):
    x = array(2, 3)
    for given in ("relu", kmb_core.activations.relu, layers.ReLU(), lambda t: ops.maximum(t, 0.0)):
        np.testing.assert_array_equal(numpy(layers.Activation(given)(x)), np.maximum(x, 0))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="nonsense"):
        layers.Activation("nonsense")


def test_activation_is_saved_by_name():
    assert layers.Activation("swish").get_config()["activation"] == "silu"


def test_identity_takes_nested_inputs():
    x = ops.ones((2, 3))
    assert layers.Identity()({"a": x})["a"] is x
    y = layers.Identity()([kmb_core.Input((3,)), kmb_core.Input((4,), dtype="int32")])
    assert [(t.shape, t.dtype) for t in y] == [((None, 3), "float32"), ((None, 4), "int32")]


def test_masking_zeroes_and_masks_steps(numpy):
    x = np.array([[[1.0, 2.0], [9.0, 9.0], [9.0, 1.0]]], "float32")
    y = layers.Masking(9.0)(x)
    np.testing.assert_array_equal(numpy(y), [[[1, 2], [0, 0], [9, 1]]])
    np.testing.assert_array_equal(numpy(get_mask(y)), [[True, False, True]])


def test_a_wrapper_builds_the_layer_inside():
    wrapper = layers.Wrapper(layers.Dense(2))
    wrapper.build((None, 3))
    assert wrapper.layer.built
    assert len(wrapper.weights) == 2


def test_a_wrapper_wraps_layers_only():
    with pytest.raises(TypeError, match="expected a layer"):
        layers.Wrapper("dense")
