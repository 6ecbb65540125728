"""Embedding."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_it_gives_rows_of_the_table(dtype, numpy):
    layer, indices = layers.Embedding(5, 4), np.array([[0, 4], [2, 2]], dtype)
    table = (layer(indices), layer.get_weights()[0])[1]
    np.testing.assert_array_equal(numpy(layer(indices)), table[indices.astype(int)])


def test_any_shape_of_indices_will_do():
    layer = layers.Embedding(5, 4)
    assert [tuple(layer(np.zeros(s, "int32")).shape) for s in ((), (3,), (2, 3, 1), (0, 2))] == [
        (4,),
        (3, 4),
        (2, 3, 1, 4),
        (0, 2, 4),
    ]


def test_a_float_input_is_taken_symbolically():
    y = layers.Embedding(5, 4)(kmb_core.Input((9,)))
    assert (y.shape, y.dtype) == ((None, 9, 4), "float32")


def test_only_mask_zero_makes_a_mask(numpy):
    indices = np.array([[1, 0]])
    assert layers.Embedding(5, 4).compute_mask(indices) is None
    np.testing.assert_array_equal(numpy(layers.Embedding(5, 4, mask_zero=True).compute_mask(indices)), [[True, False]])


def test_a_table_can_be_given(numpy):
    table = np.arange(20, dtype="float32").reshape(5, 4)
    for given in (table, [table]):
        layer = layers.Embedding(5, 4, weights=given)
        np.testing.assert_array_equal(numpy(layer(np.array([3]))), table[[3]])
    assert "weights" not in layer.get_config()


@pytest.mark.parametrize("sizes", [(0, 4), (5, 0), (-1, 4), (5, 2.5)])
def test_sizes_are_positive_ints(sizes):
    with pytest.raises(ValueError, match="positive int"):
        layers.Embedding(*sizes)


def test_low_rank_adaptation_adds_the_product(array, numpy):
    layer = layers.Embedding(5, 4, lora_rank=2)
    layer.build()
    assert [v.name for v in layer.variables] == ["embeddings", "lora_embeddings_a", "lora_embeddings_b"]
    layer.lora_embeddings_b.assign(array(2, 4))
    table, a, b = (v.numpy() for v in layer.variables)
    np.testing.assert_allclose(numpy(layer(np.array([1, 2]))), (table + a @ b)[[1, 2]], rtol=1e-4, atol=1e-5)
