"""Attention: rows of values, averaged with weights that come from products of queries and keys.

A row whose mask lets nothing through has the same weight everywhere: finite, with a gradient of zero for queries and
keys. It is the mean of the values, as in Keras.
"""

import math
from typing import Any

from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.errors import CapabilityError, ShapeError, message
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import greater_equal, logical_and, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import tanh
from kmb_core.ops.manipulation import expand_dims, repeat, transpose
from kmb_core.ops.nn.activations import softmax
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.products import matmul
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.ops.tensors import static_shape
from kmb_core.settings import is_flash_attention_enabled
from kmb_core.shapes import Shape, broadcast_shapes
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


def wants_flash(flash_attention: bool | None) -> bool:
    """Whether the fused kernel has to be used."""
    return bool(is_flash_attention_enabled() if flash_attention is None else flash_attention)


def refuse_flash(reason: str) -> None:
    """Raise CapabilityError: there is no fused kernel for the call."""
    what = f"ops.dot_product_attention: flash attention cannot be used on the {current_backend().name} backend here"
    raise CapabilityError(message(what, reason, "Leave flash_attention at None, config.enable_flash_attention off."))


def check_attention(query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None) -> None:
    """Raise ShapeError for tensors that do not fit each other."""
    q, k, v = (tuple(static_shape(x)) for x in (query, key, value))
    if not len(q) == len(k) == len(v) == 4:
        _refuse(q, k, v, "each has the axes (batch, length, heads, depth)")
    if not _agree(q[0], k[0], v[0]) or not _agree(k[1], v[1]) or not _agree(k[2], v[2]) or not _agree(q[3], k[3]):
        _refuse(q, k, v, "batch, sources, key heads and depth have to agree")
    if None in (q[2], k[2]) or k[2] == 0 or q[2] % k[2]:  # type: ignore[operator]  # not None
        _refuse(q, k, v, "the heads of key and value have to divide those of query")
    logits = (q[0], q[2], q[1], k[1])
    for name, given in (("bias", bias), ("mask", mask)):
        if given is not None:
            _check_broadcasts(name, tuple(static_shape(given)), logits)


def _agree(*sizes: int | None) -> bool:
    return len({size for size in sizes if size is not None}) < 2


def _check_broadcasts(name: str, given: Shape, logits: Shape) -> None:
    what = f"ops.dot_product_attention: {name} of shape {given} does not broadcast to {logits}"
    try:
        common = broadcast_shapes(given, logits, "ops.dot_product_attention")
    except ShapeError:
        common = ()
    pairs = zip(common, logits, strict=False)
    if len(common) != 4 or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ShapeError(message(what, "Its axes are batch, heads, targets, sources.", None))


def _refuse(query: Shape, key: Shape, value: Shape, why: str) -> None:
    what = f"ops.dot_product_attention: query {query}, key {key} and value {value}: {why}"
    raise ShapeError(message(what, None, None))
