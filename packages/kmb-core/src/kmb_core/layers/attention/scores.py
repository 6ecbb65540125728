"""What attention layers share: which masks there are, and attention whose weights are asked for or dropped."""

import math
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.ops.arithmetic import absolute, multiply, subtract
from kmb_core.ops.comparison import greater_equal, less, logical_and, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.manipulation import expand_dims, repeat, transpose
from kmb_core.ops.nn.activations import softmax
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.products import matmul
from kmb_core.random.draws import dropout

_NOTHING = -1e38  # a logit whose exponential is zero beside any other


def both(first: Any, second: Any) -> Any:
    """What two masks let through; None lets everything through."""
    if first is None or second is None:
        return second if first is None else first
    return logical_and(first, second)


def causal_mask(targets: Any, sources: Any) -> Any:
    """`(targets, sources)`: a target sees no source behind its own place."""
    rows, columns = _places(targets, sources)
    return greater_equal(rows, columns)


def window_mask(targets: Any, sources: Any, width: int) -> Any:
    """`(targets, sources)`: a target sees the sources that are less than `width` places away."""
    return less(absolute(subtract(*_places(targets, sources))), width)


def _places(targets: Any, sources: Any) -> tuple[Any, Any]:
    return expand_dims(arange(targets, dtype="int32"), 1), expand_dims(arange(sources, dtype="int32"), 0)


def masked_softmax(logits: Any, mask: Any, dtype: str) -> Any:
    """Weights in `dtype`; worked out in float32 for narrower ones. A row that sees nothing has the same everywhere."""
    logits = widened(logits, dtype)
    if mask is not None:
        logits = where(cast(mask, "bool"), logits, _NOTHING)
    return narrowed(softmax(logits, -1), dtype)


def weighted_attention(query: Any, key: Any, value: Any, mask: Any, rate: float, seed: Any) -> tuple[Any, Any]:
    """Attention step by step, where its weights are returned or some are dropped.

    Args:
        query: (batch, targets, heads, depth).
        key, value: (batch, sources, key heads, depth); key heads divide heads.
        mask: broadcasts to (batch, heads, targets, sources), or None.
        rate: probability that a weight is dropped; 0 for none.
        seed: for the draws.

    Returns:
        (batch, targets, heads, depth), and the weights, (batch, heads, targets, sources), as they were used.
    """
    dtype, groups = dtype_of(query), query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = repeat(key, groups, 2), repeat(value, groups, 2)
    rows = multiply(query, 1 / math.sqrt(query.shape[3]))
    logits = matmul(transpose(rows, (0, 2, 1, 3)), transpose(key, (0, 2, 3, 1)))
    weights = masked_softmax(logits, mask, dtype)
    used = dropout(weights, rate, seed=seed) if rate else weights
    return transpose(matmul(used, transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3)), used
