import numpy as np
import pytest
from scipy import special

from kmb_core import KerasTensor, ops
from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, ShapeError
from kmb_core.plugins import Capability
from kmb_core.settings.store import settings

GENERATOR = np.random.default_rng(0)
QUERY, KEY, VALUE = (GENERATOR.normal(size=(2, 5, 4, 8)).astype("float32") for _ in range(3))


def numpy(x):
    return ops.convert_to_numpy(ops.cast(x, "float32"))


def expected(query=QUERY, key=KEY, value=VALUE, bias=0.0, mask=True, cap=None):
    logits = np.einsum("btnh,bsnh->bnts", query, key) * query.shape[-1] ** -0.5
    logits = logits if cap is None else cap * np.tanh(logits / cap)
    weights = special.softmax(np.where(mask, logits + bias, -np.inf), -1)
    return np.einsum("bnts,bsnh->btnh", weights, value)


def test_it_averages_values_by_the_softmax_of_products():
    np.testing.assert_allclose(numpy(ops.dot_product_attention(QUERY, KEY, VALUE)), expected(), atol=2e-6)


def test_a_causal_target_sees_no_later_source():
    found = numpy(ops.dot_product_attention(QUERY, KEY, VALUE, is_causal=True))
    np.testing.assert_allclose(found, expected(mask=np.tri(5, dtype=bool)), atol=2e-6)


def test_masks_biases_and_causality_come_together():
    mask = np.array([True, True, True, False, True])
    bias = GENERATOR.normal(size=(4, 5, 5)).astype("float32")
    found = numpy(ops.dot_product_attention(QUERY, KEY, VALUE, bias, mask, is_causal=True))
    np.testing.assert_allclose(found, expected(bias=bias, mask=mask & np.tri(5, dtype=bool)), atol=2e-6)


def test_a_mask_of_integers_is_one_of_booleans():
    mask = np.array([1, 0, 1, 0, 1], "int32")
    found = numpy(ops.dot_product_attention(QUERY, KEY, VALUE, mask=mask))
    np.testing.assert_allclose(found, expected(mask=mask > 0), atol=2e-6)


@pytest.mark.parametrize("key_heads", [1, 2])
def test_a_key_head_serves_neighbouring_heads(key_heads):
    key, value = KEY[:, :, :key_heads], VALUE[:, :, :key_heads]
    found = numpy(ops.dot_product_attention(QUERY, key, value))
    group = 4 // key_heads
    np.testing.assert_allclose(found, expected(key=key.repeat(group, 2), value=value.repeat(group, 2)), atol=2e-6)


@pytest.mark.parametrize("bias", [None, np.ones((5, 5), "float32")])
def test_a_target_that_sees_nothing_gets_the_mean_of_the_values(bias):
    mask = np.ones((2, 4, 5, 5), bool)
    mask[0, :, 1] = False
    found = numpy(ops.dot_product_attention(QUERY, KEY, VALUE, bias, mask))
    np.testing.assert_allclose(found[0, 1], VALUE[0].mean(0), atol=2e-6)
    np.testing.assert_allclose(found[1], expected()[1], atol=2e-6)


def test_a_target_that_sees_nothing_has_no_gradient_but_that_of_the_values():
    if not current_backend().supports(Capability.GRADIENTS):
        return
    mask = np.zeros((2, 1, 1, 5), bool)
    tensors = [ops.convert_to_tensor(x) for x in (QUERY, KEY, VALUE)]
    _, gradients = current_backend().implementation.value_and_gradients(
        lambda q, k, v: ops.sum(ops.dot_product_attention(q, k, v, mask=mask)), tensors
    )
    query, key, value = map(numpy, gradients)
    assert not query.any()
    assert not key.any()
    np.testing.assert_allclose(value, 1.0, atol=1e-5)


def test_the_soft_cap_holds_logits_before_the_bias():
    bias = 10 * GENERATOR.normal(size=(5, 5)).astype("float32")
    found = numpy(ops.dot_product_attention(QUERY, KEY, VALUE, bias, attn_logits_soft_cap=0.5))
    np.testing.assert_allclose(found, expected(bias=bias, cap=0.5), atol=2e-6)


def test_the_scale_may_be_a_tensor():
    found = ops.dot_product_attention(QUERY, KEY, VALUE, scale=ops.convert_to_tensor(0.3))
    wanted = ops.dot_product_attention(QUERY, KEY, VALUE, scale=0.3)
    np.testing.assert_allclose(numpy(found), numpy(wanted), atol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sixteen_bits_are_normalized_in_thirty_two(dtype):
    query, key = np.zeros((1, 1, 1, 1), "float32"), np.zeros((1, 3000, 1, 1), "float32")
    value = np.ones((1, 3000, 1, 1), "float32")
    found = ops.dot_product_attention(*(ops.cast(x, dtype) for x in (query, key, value)))
    assert abs(float(numpy(found)[0, 0, 0, 0]) - 1) < 0.02


def with_flash():
    """The result, or the error."""
    try:
        return ops.dot_product_attention(QUERY, KEY, VALUE, flash_attention=True)
    except CapabilityError as error:
        return error


def test_flash_attention_gives_the_same_or_says_why_it_cannot():
    found = with_flash()
    if isinstance(found, CapabilityError):
        first, reason, remedy = str(found).splitlines()
        assert "flash" in first
        assert current_backend().name in first
        assert reason
        assert "flash_attention" in remedy
    else:
        np.testing.assert_allclose(numpy(found), expected(), atol=2e-6)
    without = numpy(ops.dot_product_attention(QUERY, KEY, VALUE, flash_attention=False))
    np.testing.assert_allclose(without, expected(), atol=2e-6)


def test_the_configuration_can_ask_for_flash_attention(monkeypatch):
    monkeypatch.setattr(settings, "flash_attention", True)
    with pytest.raises(CapabilityError, match="flash"):  # no framework's kernel has a soft cap
        ops.dot_product_attention(QUERY, KEY, VALUE, attn_logits_soft_cap=1.0)


@pytest.mark.parametrize(
    ("query", "key", "value", "more"),
    [
        ((2, 5, 8), (2, 5, 8), (2, 5, 8), {}),
        ((2, 5, 4, 8), (1, 5, 4, 8), (1, 5, 4, 8), {}),
        ((2, 5, 4, 8), (2, 6, 4, 8), (2, 5, 4, 8), {}),
        ((2, 5, 4, 8), (2, 5, 3, 8), (2, 5, 3, 8), {}),
        ((2, 5, 4, 8), (2, 5, 4, 7), (2, 5, 4, 8), {}),
        ((2, 5, 4, 8), (2, 5, 4, 8), (2, 5, 4, 8), {"mask": np.ones((4, 5), bool)}),
        ((2, 5, 4, 8), (2, 5, 4, 8), (2, 5, 4, 8), {"bias": np.ones((3, 1, 1, 5), "float32")}),
    ],
)
def test_shapes_that_do_not_fit_are_refused_eagerly_and_symbolically(query, key, value, more):
    arrays = [np.ones(shape, "float32") for shape in (query, key, value)]
    for tensors in (arrays, [KerasTensor(shape) for shape in (query, key, value)]):
        with pytest.raises(ShapeError, match="dot_product_attention"):
            ops.dot_product_attention(*tensors, **more)


def test_unknown_sizes_stay_unknown():
    found = ops.dot_product_attention(*(KerasTensor((None, None, 4, 8)) for _ in range(3)), is_causal=True)
    assert found.shape == (None, None, 4, 8)
