"""Attention by `jax.nn`, compiled as one function; cuDNN's fused kernel where it is asked for."""

from typing import Any

import jax
import numpy as np

from kmb_backend_jax.kernel import kernel
from kmb_core.ops.nn.attention_checks import check_attention, refuse_flash, wants_flash
from kmb_core.plugins.contract import DECLARED

_FLOAT32, _FLOAT64 = np.dtype("float32"), np.dtype("float64")


def dot_product_attention(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    bias: jax.Array | None = None,
    mask: jax.Array | None = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> jax.Array:
    """Weighted averages of values; see the op."""
    check_attention(query, key, value, bias, mask)
    flash = wants_flash(flash_attention)
    tensors = (query, key, value, _with_four_axes(bias), _with_four_axes(mask))
    plain = scale is None or isinstance(scale, (int, float))
    if flash:
        _require_cudnn(plain, attn_logits_soft_cap)
        return _fused(*tensors, scale, is_causal)
    if not plain or attn_logits_soft_cap is not None or value.shape[3] != key.shape[3] or not _has_products(query):
        return _composed(*tensors, scale, is_causal, attn_logits_soft_cap)
    return _native(*tensors, scale, is_causal, "xla")


def _has_products(query: jax.Array) -> bool:
    """Whether jax.nn computes in this dtype: it narrows float64, and processors lack its products of 16 bits."""
    if query.dtype == _FLOAT32:
        return True
    return query.dtype != _FLOAT64 and jax.default_backend() != "cpu"


@kernel(static=("scale", "is_causal", "implementation"))
def _native(
    query: jax.Array, key: jax.Array, value: jax.Array, bias: Any, mask: Any, scale: Any, is_causal: bool,
    implementation: str,
) -> jax.Array:  # fmt: skip
    mask = None if mask is None else mask.astype(bool)
    settings = {"scale": scale, "is_causal": is_causal, "implementation": implementation}
    return jax.nn.dot_product_attention(query, key, value, bias, mask, **settings)


@kernel(static=("is_causal", "cap"))
def _composed(
    query: jax.Array, key: jax.Array, value: jax.Array, bias: Any, mask: Any, scale: Any, is_causal: bool, cap: Any
) -> jax.Array:
    return DECLARED["dot_product_attention"].body(query, key, value, bias, mask, scale, is_causal, False, cap)


def _fused(*arguments: Any) -> jax.Array:
    try:
        return _native(*arguments, "cudnn")
    except (ValueError, NotImplementedError, RuntimeError) as error:
        refuse_flash(f"cuDNN says: {error}")
        raise


def _require_cudnn(plain: bool, cap: Any) -> None:
    if jax.default_backend() != "gpu":
        refuse_flash("JAX has it in cuDNN, for GPUs of NVIDIA; computing is done elsewhere.")
    if not plain or cap is not None:
        refuse_flash("cuDNN's kernel takes no soft cap, and a scale that is a number.")


def _with_four_axes(x: jax.Array | None) -> jax.Array | None:
    return x if x is None or x.ndim == 4 else x.reshape((1,) * (4 - x.ndim) + x.shape)
