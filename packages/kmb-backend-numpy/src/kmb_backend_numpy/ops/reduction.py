"""Reductions. Half precision is summed in float32: 16-bit sums stop growing at 256 (bfloat16) or 2048 (float16)."""

from typing import Any

import numpy as np

from kmb_core.dtypes import numpy_dtype
from kmb_core.shapes import normalize_axes

Axis = Any
_WIDER = {np.dtype(k): np.dtype(v) for k, v in {"?": "i4", "i1": "i4", "i2": "i4", "u1": "u4", "u2": "u4"}.items()}


def _is_half(dtype: np.dtype) -> bool:
    return dtype.itemsize == 2 and dtype.kind in "fV"  # bfloat16 is of kind V


def _axes(axis: Axis) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def sum(x: np.ndarray, axis: Axis = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's, in the dtypes of the declaration."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.sum")
    axis = _axes(axis)
    if _is_half(x.dtype):
        return np.sum(x, axis, np.float32, keepdims=keepdims).astype(x.dtype)
    return np.sum(x, axis, _WIDER.get(x.dtype, x.dtype), keepdims=keepdims)


def prod(x: np.ndarray, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> np.ndarray:
    """NumPy's, in the dtypes of the declaration."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.prod")
    target = _WIDER.get(x.dtype, x.dtype) if dtype is None else numpy_dtype(dtype)
    return np.prod(x, _axes(axis), target, keepdims=keepdims)


def mean(x: np.ndarray, axis: Axis = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.mean")
    if _is_half(x.dtype):
        return np.mean(x, _axes(axis), np.float32, keepdims=keepdims).astype(x.dtype)
    return np.mean(x, _axes(axis), keepdims=keepdims)


def var(x: np.ndarray, axis: Axis = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.var")
    if _is_half(x.dtype):
        return np.var(x.astype(np.float32), _axes(axis), keepdims=keepdims).astype(x.dtype)
    return np.var(x, _axes(axis), keepdims=keepdims)


def std(x: np.ndarray, axis: Axis = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.std")
    if _is_half(x.dtype):
        return np.std(x.astype(np.float32), _axes(axis), keepdims=keepdims).astype(x.dtype)
    return np.std(x, _axes(axis), keepdims=keepdims)


def max(x: np.ndarray, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.max")
    if initial is None:
        return np.max(x, _axes(axis), keepdims=keepdims)
    return np.max(x, _axes(axis), keepdims=keepdims, initial=initial)


def min(x: np.ndarray, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.min")
    if initial is None:
        return np.min(x, _axes(axis), keepdims=keepdims)
    return np.min(x, _axes(axis), keepdims=keepdims, initial=initial)


def any(x: np.ndarray, axis: Axis = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.any")
    return np.any(x, _axes(axis), keepdims=keepdims)


def all(x: np.ndarray, axis: Axis = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.all")
    return np.all(x, _axes(axis), keepdims=keepdims)


def argmax(x: np.ndarray, axis: int | None = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's, as int32."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.argmax")
    return np.argmax(x, axis, keepdims=keepdims).astype(np.int32)


def argmin(x: np.ndarray, axis: int | None = None, keepdims: bool = False) -> np.ndarray:
    """NumPy's, as int32."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.argmin")
    return np.argmin(x, axis, keepdims=keepdims).astype(np.int32)


def count_nonzero(x: np.ndarray, axis: Axis = None) -> np.ndarray:
    """NumPy's, as int32."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.count_nonzero")
    return np.asarray(np.count_nonzero(x, _axes(axis)), dtype=np.int32)


def cumsum(x: np.ndarray, axis: int | None = None, dtype: Any = None) -> np.ndarray:
    """NumPy's, which would widen narrow integers."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.cumsum")
    return np.cumsum(x, axis, _running(x, dtype))


def cumprod(x: np.ndarray, axis: int | None = None, dtype: Any = None) -> np.ndarray:
    """NumPy's, which would widen narrow integers."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.cumprod")
    return np.cumprod(x, axis, _running(x, dtype))


def _running(x: np.ndarray, dtype: Any) -> np.dtype:
    if dtype is None:
        return np.dtype(np.int32) if x.dtype == bool else x.dtype
    return numpy_dtype(dtype)


def argsort(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """NumPy's stable order, as int32."""
    if axis is not None and not x.ndim:
        raise ValueError("a scalar has no axis to sort along")  # the declaration says it in full
    x = x.astype(np.float32) if x.dtype.kind == "V" else x  # bfloat16: its own order does not put NaN last
    return np.argsort(x, axis, kind="stable").astype(np.int32)


def sort(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """NumPy's; bfloat16 in float32, because its own order does not put NaN last."""
    return np.sort(x.astype(np.float32), axis).astype(x.dtype) if x.dtype.kind == "V" else np.sort(x, axis)


def top_k(x: np.ndarray, k: int, sorted: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """By a stable sort of the reversed axis, so that the first of equal elements comes first."""
    size = x.shape[-1]
    if not 0 <= k <= size:
        raise ValueError(f"k is 0 to {size}, got {k}")  # the declaration says it in full
    backwards = np.argsort(x[..., ::-1], axis=-1, kind="stable")
    places = (size - 1 - backwards[..., ::-1][..., :k]).astype(np.int32)
    return np.take_along_axis(x, places, axis=-1), places
