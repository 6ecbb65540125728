"""What attention refuses, in the same words on every backend; apart from the op, so that backends can import it."""

from typing import Any

from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, ShapeError, message
from kmb_core.ops.tensors import static_shape
from kmb_core.settings import is_flash_attention_enabled
from kmb_core.shapes import Shape, broadcast_shapes


def wants_flash(flash_attention: bool | None) -> bool:
    """Whether the fused kernel has to be used."""
    return bool(is_flash_attention_enabled() if flash_attention is None else flash_attention)


def refuse_flash(reason: str) -> None:
    """Raise CapabilityError: there is no fused kernel for the call."""
    what = f"ops.dot_product_attention: flash attention cannot be used on the {current_backend().name} backend here"
    raise CapabilityError(message(what, reason, "Leave flash_attention at None, config.enable_flash_attention off."))


def check_attention(query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None) -> None:
    """Raise ShapeError for tensors that do not fit each other."""
    check_attention_shapes(static_shape(query), static_shape(key), static_shape(value), bias, mask)


def check_attention_shapes(q: Shape, k: Shape, v: Shape, bias: Any = None, mask: Any = None) -> None:
    """Raise ShapeError for shapes that do not fit each other: without a call where all sizes are known and right."""
    if not len(q) == len(k) == len(v) == 4:
        _refuse(q, k, v, "each has the axes (batch, length, heads, depth)")
    pairs = ((q[0], k[0]), (k[0], v[0]), (q[0], v[0]), (k[1], v[1]), (k[2], v[2]), (q[3], k[3]))
    for one, other in pairs:
        if one != other and None not in (one, other):
            _refuse(q, k, v, "batch, sources, key heads and depth have to agree")
    if None in (q[2], k[2]) or k[2] == 0 or q[2] % k[2]:  # type: ignore[operator]  # not None
        _refuse(q, k, v, "the heads of key and value have to divide those of query")
    logits = (q[0], q[2], q[1], k[1])
    for name, given in (("bias", bias), ("mask", mask)):
        if given is not None:
            _check_broadcasts(name, tuple(static_shape(given)), logits)


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
    query, key, value = tuple(query), tuple(key), tuple(value)
    what = f"ops.dot_product_attention: query {query}, key {key} and value {value}: {why}"
    raise ShapeError(message(what, None, None))
