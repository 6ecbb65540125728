"""Masks travel with tensors through layers."""

import numpy as np

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend.masks import get_mask, set_mask


class Looks(kmb_core.Layer):
    """Keeps the mask that it was called with."""

    def call(self, x, mask=None):
        self.seen = mask
        return x


def masked(values, mask):
    x = ops.convert_to_tensor(np.asarray(values, "float32"))
    set_mask(x, ops.convert_to_tensor(np.asarray(mask)))
    return x


def test_a_mask_reaches_the_call(numpy):
    layer = Looks()
    layer(masked([[1.0], [2.0]], [True, False]))
    np.testing.assert_array_equal(numpy(layer.seen), [True, False])


def test_a_layer_that_supports_masking_hands_the_mask_on(numpy):
    y = layers.Activation("relu")(masked([[1.0], [2.0]], [True, False]))
    np.testing.assert_array_equal(numpy(get_mask(y)), [True, False])


def test_a_layer_that_does_not_support_masking_drops_it():
    y = layers.Flatten()(masked([[1.0], [2.0]], [True, False]))
    assert get_mask(y) is None


def test_an_embedding_makes_a_mask_for_the_layers_behind_it(numpy):
    looks = Looks()
    looks(layers.Dropout(0.5)(layers.Embedding(5, 2, mask_zero=True)(np.array([[1, 0, 2]]))))
    np.testing.assert_array_equal(numpy(looks.seen), [[True, False, True]])


def test_masks_pass_through_symbolic_calls():
    y = layers.Dense(2)(layers.Embedding(5, 2, mask_zero=True)(kmb_core.Input((3,), dtype="int32")))
    assert get_mask(y).shape == (None, 3)
    assert get_mask(y).dtype == "bool"


def test_a_mask_given_by_hand_wins(numpy):
    layer = Looks()
    given = ops.convert_to_tensor(np.array([False, False]))
    layer(masked([[1.0], [2.0]], [True, False]), mask=given)
    np.testing.assert_array_equal(numpy(layer.seen), [False, False])
