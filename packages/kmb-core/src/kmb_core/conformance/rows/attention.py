"""Rows of `ops.nn.attention`: one head and target after the other."""

import numpy as np

from kmb_core.conformance.row import Table, booleans, fixed, numbers

TABLE = Table()


def attention(query, key, value, bias=None, mask=None, scale=None, is_causal=False, attn_logits_soft_cap=None):
    """Weights and averages by loops."""
    batch, targets, heads, depth = query.shape
    sources, group = key.shape[1], heads // key.shape[2]
    logits = (batch, heads, targets, sources)
    bias = np.broadcast_to(0.0 if bias is None else bias, logits)
    mask = np.broadcast_to(True if mask is None else mask, logits).astype(bool)
    result = np.zeros((batch, targets, heads, value.shape[3]))
    for b, h, t in np.ndindex(batch, heads, targets):
        scores = key[b, :, h // group] @ query[b, t, h] * (depth**-0.5 if scale is None else scale)
        if attn_logits_soft_cap is not None:
            scores = np.tanh(scores / attn_logits_soft_cap) * attn_logits_soft_cap
        seen = mask[b, h, t] & (np.arange(sources) <= t if is_causal else True)
        weights = np.exp(scores + bias[b, h, t]) * seen if seen.any() else np.ones(sources)
        result[b, t, h] = weights / weights.sum() @ value[b, :, h // group]
    return result


CASE = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1, "unknown_batch": 3}
ATTENTION = ("dot_product_attention", attention)
EQUAL = (numbers(2, 3, 2, 4), numbers(2, 5, 2, 4), numbers(2, 5, 2, 4))
SQUARE = (numbers(2, 4, 2, 3), numbers(2, 4, 2, 3), numbers(2, 4, 2, 3))
PADDING = fixed([[[[True, True, False, True, False]]], [[[False] * 5]]], "bool")

TABLE.add(*ATTENTION, *EQUAL, **CASE)
TABLE.add(*ATTENTION, *EQUAL, scale=0.7, **CASE)
TABLE.add(*ATTENTION, *EQUAL, mask=booleans(2, 2, 3, 5), **CASE)
TABLE.add(*ATTENTION, *EQUAL, mask=PADDING, **CASE)
TABLE.add(*ATTENTION, *EQUAL, numbers(2, 1, 3, 5), PADDING, **CASE)
TABLE.add(*ATTENTION, *EQUAL, numbers(3, 5), **CASE)
TABLE.add(*ATTENTION, *EQUAL, is_causal=True, **CASE)
TABLE.add(*ATTENTION, *SQUARE, is_causal=True, **CASE)
TABLE.add(*ATTENTION, *SQUARE, numbers(1, 2, 4, 4), booleans(2, 1, 1, 4), is_causal=True, **CASE)
TABLE.add(*ATTENTION, *EQUAL, attn_logits_soft_cap=1.5, **CASE)
TABLE.add(*ATTENTION, numbers(2, 3, 4, 2), numbers(2, 5, 2, 2), numbers(2, 5, 2, 2), **CASE)
TABLE.add(*ATTENTION, numbers(2, 3, 4, 2), numbers(2, 5, 1, 2), numbers(2, 5, 1, 2), mask=booleans(2, 4, 3, 5), **CASE)
TABLE.add(*ATTENTION, numbers(2, 3, 2, 4), numbers(2, 5, 2, 4), numbers(2, 5, 2, 3), **CASE)
TABLE.add(*ATTENTION, numbers(2, 0, 2, 4), numbers(2, 5, 2, 4), numbers(2, 5, 2, 4), unknown_batch=3)
