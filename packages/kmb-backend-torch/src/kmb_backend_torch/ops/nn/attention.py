"""Attention by torch's `scaled_dot_product_attention`, on views with the heads in front.

Its own answer for a row that sees nothing depends on the kernel that it chooses. Such a row is given a query of zeros
and a mask that lets everything through: all logits are equal, its result the mean of the values, its gradient zero.
"""

import math
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from kmb_core.ops.nn.attention_checks import check_attention_shapes, refuse_flash
from kmb_core.plugins.contract import DECLARED
from kmb_core.settings import is_flash_attention_enabled

Tensor = torch.Tensor

_WITHOUT_FLASH = [SDPBackend.MATH, SDPBackend.EFFICIENT_ATTENTION]


def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Weighted averages of values; see the op."""
    flash = is_flash_attention_enabled() if flash_attention is None else flash_attention
    if attn_logits_soft_cap is not None:
        if flash:
            refuse_flash("torch's kernels have no soft cap.")
        settings = (scale, is_causal, False, attn_logits_soft_cap)
        return DECLARED["dot_product_attention"].body(query, key, value, bias, mask, *settings)
    check_attention_shapes(query.shape, key.shape, value.shape, bias, mask)
    if isinstance(scale, Tensor):
        query, scale = query * scale, 1.0
    causal = is_causal and mask is None and bias is None and query.shape[1] == key.shape[1]
    if is_causal and not causal:
        mask = _causal(mask, query, key)
    query = query.transpose(1, 2)
    query, allowed = _allowed(query, bias, mask)
    grouped = query.shape[1] != key.shape[2]
    arguments = (query, key.transpose(1, 2), value.transpose(1, 2), allowed, 0.0, causal)
    if flash is None:
        out = functional.scaled_dot_product_attention(*arguments, scale=scale, enable_gqa=grouped)
    else:
        out = _chosen(bool(flash), arguments, scale, grouped)
    return out.transpose(1, 2)


def _causal(mask: Tensor | None, query: Tensor, key: Tensor) -> Tensor:
    before = torch.ones((query.shape[1], key.shape[1]), dtype=torch.bool, device=query.device).tril()
    return before if mask is None else mask.to(torch.bool) & before


def _allowed(query: Tensor, bias: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The query and what torch calls attn_mask: booleans, or numbers that are added."""
    if mask is None:
        return query, None if bias is None else _with_four_axes(bias)
    mask = _with_four_axes(mask.to(torch.bool))
    sees = mask.any(-1, keepdim=True)
    query = torch.where(sees, query, 0.0)
    if bias is None:
        return query, mask | ~sees
    return query, torch.where(sees, torch.where(mask, _with_four_axes(bias), -math.inf), 0.0)


def _with_four_axes(x: Tensor) -> Tensor:
    return x if x.ndim == 4 else x.reshape((1,) * (4 - x.ndim) + tuple(x.shape))


def _chosen(flash: bool, arguments: tuple[Any, ...], scale: Any, grouped: bool) -> Tensor:
    """With the kernels that are asked for."""
    try:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION if flash else _WITHOUT_FLASH):
            return functional.scaled_dot_product_attention(*arguments, scale=scale, enable_gqa=grouped)
    except RuntimeError as error:
        if flash and ("No available kernel" in str(error) or "No viable backend" in str(error)):
            refuse_flash(f"torch says: {error}")
        raise
