"""Reductions, sorting and scans. An empty tuple of axes reduces nothing (torch takes it as "all axes")."""

from collections.abc import Sequence

import torch

from kmb_backend_torch.conversion import native_dtype
from kmb_backend_torch.ops.unsigned import with_unsigned
from kmb_core.shapes import normalize_axes

Tensor = torch.Tensor
Axis = int | Sequence[int] | None

# What a sum of small integers is counted in; other dtypes stay as they are.
_WIDER = {
    torch.bool: torch.int32,
    torch.int8: torch.int32,
    torch.int16: torch.int32,
    torch.uint8: torch.uint32,
    torch.uint16: torch.uint32,
}


def _accumulated(x: Tensor) -> torch.dtype:
    return _WIDER.get(x.dtype, x.dtype)


def sum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum along axes."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.sum")
    if x.dtype.is_floating_point and axis != ():
        return torch.sum(x, axis, keepdims)
    wanted = _accumulated(x)
    if axis == ():
        return x.to(wanted)
    # torch counts integers in int64 anyway, and has no sum in uint32.
    return torch.sum(x, axis, keepdims).to(wanted)


@with_unsigned
def prod(x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> Tensor:
    """The product along axes."""
    wanted = native_dtype(dtype) if dtype else _accumulated(x)
    if wanted.is_floating_point or wanted.is_complex:
        x = x.to(wanted)
    if axis is None:
        total = torch.prod(x)
        return (total.reshape((1,) * x.ndim) if keepdims else total).to(wanted)
    axes = (axis,) if isinstance(axis, int) else axis
    for one in reversed(normalize_axes(axes, x.ndim, "ops.prod")):  # torch multiplies along one axis at a time
        x = torch.prod(x, one, keepdims)
    return x.to(wanted)


def _extreme(reduce: str, x: Tensor, axis: Axis, keepdims: bool, initial: float | None) -> Tensor:
    if axis == ():
        result = x
    elif initial is not None and x.numel() == 0:
        shape = torch.sum(x, axis, keepdims).shape
        return torch.full(shape, initial, dtype=x.dtype, device=x.device)
    else:
        result = getattr(torch, reduce)(x, () if axis is None else axis, keepdims)
    if initial is None:
        return result
    bound = torch.as_tensor(initial, dtype=x.dtype, device=x.device)
    return torch.maximum(result, bound) if reduce == "amax" else torch.minimum(result, bound)


@with_unsigned
def max(x: Tensor, axis: Axis = None, keepdims: bool = False, initial: float | None = None) -> Tensor:
    """The largest element along axes; ties share the gradient."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.max")
    if initial is None and axis != ():
        return torch.amax(x, () if axis is None else axis, keepdims)
    return _extreme("amax", x, axis, keepdims, initial)


@with_unsigned
def min(x: Tensor, axis: Axis = None, keepdims: bool = False, initial: float | None = None) -> Tensor:
    """The smallest element along axes; ties share the gradient."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.min")
    if initial is None and axis != ():
        return torch.amin(x, () if axis is None else axis, keepdims)
    return _extreme("amin", x, axis, keepdims, initial)


def amax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """See `max`."""
    return max(x, axis, keepdims)


def amin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """See `min`."""
    return min(x, axis, keepdims)


def any(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether an element along axes is true."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.any")
    x = x if x.dtype is torch.bool else x != 0
    return x if axis == () else torch.any(x, axis, keepdims)


def all(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements along axes are true."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.all")
    x = x if x.dtype is torch.bool else x != 0
    return x if axis == () else torch.all(x, axis, keepdims)


def _comparable(x: Tensor) -> Tensor:
    """torch orders no booleans."""
    return x.to(torch.uint8) if x.dtype is torch.bool else x


@with_unsigned
def argmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the largest element."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.argmax")
    return torch.argmax(_comparable(x), axis, keepdims).to(torch.int32)


@with_unsigned
def argmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the smallest element."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.argmin")
    return torch.argmin(_comparable(x), axis, keepdims).to(torch.int32)


@with_unsigned
def argsort(x: Tensor, axis: int | None = -1) -> Tensor:
    """Indices that sort x; equal elements keep their order."""
    x = _comparable(x.ravel() if axis is None else _with_axes(x))
    return torch.argsort(x, dim=-1 if axis is None else axis, stable=True).to(torch.int32)


@with_unsigned
def sort(x: Tensor, axis: int | None = -1) -> Tensor:
    """x in ascending order."""
    return torch.sort(x.ravel(), -1).values if axis is None else torch.sort(_with_axes(x), axis).values


def _with_axes(x: Tensor) -> Tensor:
    """x, unless it is a scalar, which torch takes for a vector."""
    if not x.ndim:
        raise ValueError("a scalar has no axis to sort along")  # the declaration says it in full
    return x


def _running(x: Tensor, dtype: str | None) -> torch.dtype:
    """Running totals keep their dtype; booleans are counted."""
    if dtype is not None:
        return native_dtype(dtype)
    return torch.int32 if x.dtype is torch.bool else x.dtype


@with_unsigned
def cumsum(x: Tensor, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running sums."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.cumsum")
    wanted = _running(x, dtype)
    return torch.cumsum(x.ravel() if axis is None else x, 0 if axis is None else axis, dtype=wanted)


@with_unsigned
def cumprod(x: Tensor, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running products."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.cumprod")
    wanted = _running(x, dtype)
    return torch.cumprod(x.ravel() if axis is None else x, 0 if axis is None else axis, dtype=wanted)


def mean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The average along axes."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.mean")
    return x if axis == () else torch.mean(x, axis, keepdims)


def var(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance along axes, with divisor n."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.var")
    return torch.zeros_like(x) if axis == () else torch.var(x, axis, correction=0, keepdim=keepdims)


def std(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation along axes, with divisor n."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.std")
    return torch.zeros_like(x) if axis == () else torch.std(x, axis, correction=0, keepdim=keepdims)


@with_unsigned
def count_nonzero(x: Tensor, axis: Axis = None) -> Tensor:
    """How many elements along axes are not zero."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.count_nonzero")
    return (x != 0).to(torch.int32) if axis == () else torch.count_nonzero(x, axis).to(torch.int32)


def logsumexp(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log of the sum of exponentials, without overflow."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.logsumexp")
    if axis == ():
        return x
    return torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)


@with_unsigned
def top_k(x: Tensor, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest elements of the last axis, and their indices."""
    if not x.ndim:
        raise ValueError("a scalar has no axis")  # the declaration says it in full
    values, indices = torch.topk(x, k, sorted=sorted)
    return values, indices.to(torch.int32)
