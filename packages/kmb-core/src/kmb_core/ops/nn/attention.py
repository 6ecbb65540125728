"""Attention: rows of values, averaged with weights that come from products of queries and keys.

A row whose mask lets nothing through has the same weight everywhere: finite, with a gradient of zero for queries and
keys. It is the mean of the values, as in Keras.
"""

import math
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import greater_equal, logical_and, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import tanh
from kmb_core.ops.manipulation import expand_dims, repeat, transpose
from kmb_core.ops.nn.activations import softmax
from kmb_core.ops.nn.attention_checks import check_attention, refuse_flash, wants_flash
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.products import matmul
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.typing import Floating, Operand, Tensor, TensorLike

NN = "keras.src.ops.nn"

_NOTHING = -1e38  # a logit whose exponential is zero beside any other


@composite(saved_module=NN)
def dot_product_attention(
    query: Floating,
    key: Floating,
    value: Floating,
    bias: Floating | None = None,
    mask: TensorLike | None = None,
    scale: Operand = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """`softmax(scale * query @ key.T + bias) @ value`, for each sample and head.

    Args:
        query: (batch, targets, heads, depth).
        key: (batch, sources, key heads, depth). Key heads divide heads: each serves a group of neighbouring heads.
        value: (batch, sources, key heads, value depth).
        bias: what is added to the logits; broadcasts to (batch, heads, targets, sources).
        mask: booleans, False where a target must not see a source; broadcasts to the same shape.
        scale: a number or scalar tensor; `1 / sqrt(depth)` when None.
        is_causal: whether a target sees no source behind its own place.
        flash_attention: True for a fused kernel that never holds all logits, an error where it cannot be used; False
            for none; None for what `config.enable_flash_attention` says, or else the backend's choice.
        attn_logits_soft_cap: logits become `cap * tanh(logits / cap)` before the bias; None for no cap.

    Returns:
        (batch, targets, heads, value depth), in the promoted floating dtype. The softmax of 16-bit numbers is worked
        out in float32. A target that sees no source gets the mean of all values.

    Raises:
        ShapeError: when the shapes do not fit.
        CapabilityError: for `flash_attention=True` where there is no such kernel.

    Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.2.1; Ainslie et al., "GQA", 2023.

    Example:
        >>> from kmb_core import ops
        >>> value = [[[[1.0]], [[3.0]]]]
        >>> float(ops.dot_product_attention([[[[1.0]]]], [[[[0.0]], [[0.0]]]], value)[0, 0, 0, 0])
        2.0
    """
    check_attention(query, key, value, bias, mask)
    if isinstance(query, KerasTensor):
        return KerasTensor.like((*query.shape[:3], value.shape[3]), query.dtype)
    if wants_flash(flash_attention):
        refuse_flash("It has no such kernel.")
    dtype, groups = dtype_of(query), query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = repeat(key, groups, 2), repeat(value, groups, 2)
    rows = multiply(query, 1 / math.sqrt(query.shape[3]) if scale is None else _number(scale, dtype))
    logits = widened(matmul(transpose(rows, (0, 2, 1, 3)), transpose(key, (0, 2, 3, 1))), dtype)
    if attn_logits_soft_cap is not None:
        logits = tanh(logits / attn_logits_soft_cap) * attn_logits_soft_cap
    if bias is not None:
        logits = add(logits, widened(bias, dtype))
    seen = _seen(mask, query, key) if is_causal else mask
    if seen is not None:
        logits = where(cast(seen, "bool"), logits, _NOTHING)
    weights = narrowed(softmax(logits, -1), dtype)
    return transpose(matmul(weights, transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3))


def _number(scale: Any, dtype: str) -> Any:
    return cast(scale, dtype) if hasattr(scale, "dtype") else scale


def _seen(mask: Any, query: Any, key: Any) -> Any:
    """The mask, and no source behind the target's place."""
    targets, sources = arange(sizes_of(query)[1], dtype="int32"), arange(sizes_of(key)[1], dtype="int32")
    before = greater_equal(expand_dims(targets, 1), expand_dims(sources, 0))
    return before if mask is None else logical_and(cast(mask, "bool"), before)
