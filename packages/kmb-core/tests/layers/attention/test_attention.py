"""Attention, against NumPy written out: masks of every kind, masks that travel with inputs, dropout, precision."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.errors import ShapeError


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def of_heads(layer, query, value, allowed=True):
    """Multi-head attention with the weights of a layer, head by head: outputs and weights."""
    names = ("query", "key", "value", "attention_output")
    found = {w.path.partition("/")[2]: np.asarray(w.numpy(), "float64") for w in layer.weights}
    q, k, v = (
        np.einsum("btc,cnh->bnth", x, found[f"{name}/kernel"]) + found[f"{name}/bias"][:, None]
        for name, x in zip(names[:3], (query, value, value), strict=True)
    )
    groups = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, groups, 1), np.repeat(v, groups, 1)
    logits = np.where(allowed, q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), -1e30)
    weights = softmax(logits)
    outputs = np.einsum("bnth,nhc->btc", weights @ v, found["attention_output/kernel"])
    return outputs + found["attention_output/bias"], weights


@pytest.fixture
def many():
    return layers.MultiHeadAttention(2, 3, bias_initializer="normal")


def test_heads_are_what_the_formula_says(many, array, numpy):
    query, value = array(2, 4, 5), array(2, 6, 5)
    outputs, weights = many(query, value, return_attention_scores=True)
    expected, expected_weights = of_heads(many, query, value)
    np.testing.assert_allclose(numpy(outputs), expected, atol=1e-5)
    np.testing.assert_allclose(numpy(weights), expected_weights, atol=1e-5)
    np.testing.assert_allclose(numpy(many(query, value)), expected, atol=1e-5)


def test_groups_of_heads_share_keys_and_values(array, numpy):
    layer = layers.GroupQueryAttention(3, 4, 2, bias_initializer="normal")
    query, value = array(2, 4, 5), array(2, 6, 5)
    outputs = layer(query, value)
    np.testing.assert_allclose(numpy(outputs), of_heads(layer, query, value)[0], atol=1e-5)


def test_all_masks_together_leave_what_each_of_them_leaves(many, array, numpy):
    x = array(2, 4, 5)
    given = np.random.default_rng(1).random((2, 4, 4)) < 0.8
    given |= np.eye(4, dtype=bool)
    sources = np.array([[True, True, True, False], [True, True, False, True]])
    allowed = given & sources[:, None] & np.tril(np.ones((4, 4), bool))
    rows = allowed.any(-1)
    outputs = numpy(many(x, x, value_mask=sources, attention_mask=given, use_causal_mask=True))
    np.testing.assert_allclose(outputs[rows], of_heads(many, x, x, allowed[:, None])[0][rows], atol=1e-5)


def test_a_mask_for_each_head(many, array, numpy):
    x, allowed = array(2, 4, 5), np.random.default_rng(1).random((2, 2, 4, 4)) < 0.5
    allowed |= np.eye(4, dtype=bool)
    np.testing.assert_allclose(numpy(many(x, x, attention_mask=allowed)), of_heads(many, x, x, allowed)[0], atol=1e-5)


def test_padding_that_an_embedding_masks_is_not_attended_to(numpy):
    tokens = np.array([[3, 1, 0, 0], [2, 2, 4, 0]], "int32")
    embedding, layer = layers.Embedding(5, 6, mask_zero=True), layers.MultiHeadAttention(2, 3)
    vectors = embedding(tokens)
    outputs = numpy(layer(vectors, vectors))
    short = numpy(layer(ops.convert_to_tensor(numpy(vectors)[:1, :2]), ops.convert_to_tensor(numpy(vectors)[:1, :2])))
    np.testing.assert_allclose(outputs[:1, :2], short, atol=1e-5)


def test_a_target_sees_only_what_is_in_its_window(array, numpy):
    layer = layers.MultiHeadAttention(2, 3, sliding_window=2)
    x = array(1, 6, 5)
    _, weights = layer(x, x, return_attention_scores=True)
    places = np.arange(6)
    np.testing.assert_array_equal(numpy(weights)[0, 0] > 0, abs(places[:, None] - places) < 2)


def test_attention_over_one_of_two_axes_is_attention_line_by_line(array, numpy):
    layer = layers.MultiHeadAttention(2, 3, attention_axes=(2,), bias_initializer="normal")
    x = array(2, 3, 4, 5)
    outputs = numpy(layer(x, x))
    for line in range(3):
        np.testing.assert_allclose(outputs[:, line], of_heads(layer, x[:, line], x[:, line])[0], atol=1e-5)


def test_training_drops_weights_and_keeps_their_mean(numpy):
    layer = layers.MultiHeadAttention(1, 2, dropout=0.5, seed=3)
    x = np.ones((1, 200, 2), "float32")
    _, dropped = layer(x, x, return_attention_scores=True, training=True)
    dropped = numpy(dropped) * 200
    np.testing.assert_allclose(np.unique(dropped), [0.0, 2.0], atol=1e-4)
    assert abs(dropped.mean() - 1.0) < 0.02


def test_weights_lie_where_kerass_files_have_them(many, array):
    many(array(2, 4, 5), array(2, 4, 5))
    places = [(w.path.partition("/")[2], tuple(w.shape)) for w in many.weights]
    assert places == [
        ("query/kernel", (5, 2, 3)),
        ("query/bias", (2, 3)),
        ("key/kernel", (5, 2, 3)),
        ("key/bias", (2, 3)),
        ("value/kernel", (5, 2, 3)),
        ("value/bias", (2, 3)),
        ("attention_output/kernel", (2, 3, 5)),
        ("attention_output/bias", (5,)),
    ]


def test_scores_of_attention_without_projections(array, numpy):
    query, value, key = array(2, 3, 4), array(2, 5, 2), array(2, 5, 4)
    outputs, weights = layers.Attention()([query, value, key], return_attention_scores=True)
    expected = softmax(query @ key.swapaxes(-1, -2))
    np.testing.assert_allclose(numpy(weights), expected, atol=1e-5)
    np.testing.assert_allclose(numpy(outputs), expected @ value, atol=1e-5)
    summed = softmax(np.tanh(query[:, :, None] + key[:, None]).sum(-1))
    added = layers.AdditiveAttention(use_scale=False)([query, value, key])
    np.testing.assert_allclose(numpy(added), summed @ value, atol=1e-5)
    joined = layers.Attention(score_mode="concat")([query, value, key])
    np.testing.assert_allclose(numpy(joined), summed @ value, atol=1e-5)


def test_masks_of_attention_without_projections(array, numpy):
    query, value = array(2, 3, 4), array(2, 5, 4)
    counts, seen = np.array([[1, 1, 0], [1, 0, 1]], bool), np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], bool)
    outputs = numpy(layers.Attention()([query, value], mask=[counts, seen]))
    weights = softmax(np.where(seen[:, None], query @ value.swapaxes(-1, -2), -1e30))
    np.testing.assert_allclose(outputs, weights @ value * counts[..., None], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: layers.MultiHeadAttention(0, 3), ValueError),
        (lambda: layers.MultiHeadAttention(2, 3, dropout=0.5, flash_attention=True), ValueError),
        (lambda: layers.MultiHeadAttention(2, 3, sliding_window=0), ValueError),
        (lambda: layers.GroupQueryAttention(2, 4, 3), ValueError),
        (lambda: layers.Attention(score_mode="cosine"), ValueError),
        (lambda: layers.Attention()(kmb_core.ops.ones((2, 3, 4))), ShapeError),
        (
            lambda: layers.MultiHeadAttention(2, 3)(ops.ones((2, 3, 4)), ops.ones((2, 3, 4)), ops.ones((2, 5, 4))),
            ShapeError,
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, error):
    with pytest.raises(error):
        make()
