"""Making tensors. They are placed where `device` says; dtype None means floatx, or int32 for whole numbers."""

from collections.abc import Sequence
from typing import Any

import torch

from kmb_backend_torch.conversion import convert, native_dtype
from kmb_backend_torch.ops.operands import beside
from kmb_backend_torch.ops.unsigned import UNSIGNED, with_unsigned
from kmb_backend_torch.placement import placement
from kmb_core.dtypes import floatx

Tensor = torch.Tensor
Size = int | Sequence[int]


def _dtype(dtype: str | None) -> torch.dtype:
    return native_dtype(dtype or floatx())


def full(shape: Size, fill_value: Any, dtype: str | None = None) -> Tensor:
    """A tensor filled with one value, which may be a tensor that broadcasts."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if isinstance(fill_value, (bool, int, float, complex)):
        return torch.full(shape, fill_value, dtype=_dtype(dtype), device=placement.device)
    filling = convert(fill_value).to(placement.device, _dtype(dtype))
    return torch.broadcast_to(filling, shape).clone(memory_format=torch.contiguous_format)


def zeros(shape: Size, dtype: str | None = None) -> Tensor:
    """Zeros."""
    return torch.zeros(shape, dtype=_dtype(dtype), device=placement.device)


def ones(shape: Size, dtype: str | None = None) -> Tensor:
    """Ones."""
    return torch.ones(shape, dtype=_dtype(dtype), device=placement.device)


def empty(shape: Size, dtype: str | None = None) -> Tensor:
    """Memory that holds anything."""
    return torch.empty(shape, dtype=_dtype(dtype), device=placement.device)


def zeros_like(x: Tensor, dtype: str | None = None) -> Tensor:
    """Zeros of x's shape."""
    return torch.zeros_like(x, dtype=dtype and native_dtype(dtype))


def ones_like(x: Tensor, dtype: str | None = None) -> Tensor:
    """Ones of x's shape."""
    return torch.ones_like(x, dtype=dtype and native_dtype(dtype))


def empty_like(x: Tensor, dtype: str | None = None) -> Tensor:
    """Memory of x's shape that holds anything."""
    return torch.empty_like(x, dtype=dtype and native_dtype(dtype))


def full_like(x: Tensor, fill_value: Any, dtype: str | None = None) -> Tensor:
    """A tensor of x's shape filled with one value."""
    wanted = native_dtype(dtype) if dtype else x.dtype
    if isinstance(fill_value, (bool, int, float, complex)):
        return torch.full_like(x, fill_value, dtype=wanted)
    filling = convert(fill_value).to(x.device, wanted)
    return torch.broadcast_to(filling, x.shape).clone(memory_format=torch.contiguous_format)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: str | None = None) -> Tensor:
    """Evenly spaced values from start up to, not including, stop."""
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None:
        whole = all(_is_whole(value) for value in (start, stop, step))
        dtype = "int32" if whole else floatx()
    wanted = native_dtype(dtype)
    if (stop - start) * step < 0:  # NumPy gives nothing, torch refuses
        stop = start
    if wanted in UNSIGNED:
        return torch.arange(start, stop, step, dtype=torch.int64, device=placement.device).to(wanted)
    return torch.arange(start, stop, step, dtype=wanted, device=placement.device)


def _is_whole(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return not value.dtype.is_floating_point
    return not isinstance(value, float) and getattr(getattr(value, "dtype", None), "kind", "i") in "iub"


def eye(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere."""
    columns = N if M is None else M
    if k == 0 and _dtype(dtype) not in UNSIGNED:
        return torch.eye(N, columns, dtype=_dtype(dtype), device=placement.device)
    rows = torch.arange(N, device=placement.device).unsqueeze(1)
    return (torch.arange(columns, device=placement.device) - rows == k).to(_dtype(dtype))


def identity(n: int, dtype: str | None = None) -> Tensor:
    """The identity matrix."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones at and below the k-th diagonal."""
    rows = torch.arange(N, device=placement.device).unsqueeze(1)
    columns = torch.arange(N if M is None else M, device=placement.device)
    return (columns - rows <= k).to(_dtype(dtype))


@with_unsigned
def tril(x: Tensor, k: int = 0) -> Tensor:
    """x with zeros above the k-th diagonal."""
    return torch.tril(x, k)


@with_unsigned
def triu(x: Tensor, k: int = 0) -> Tensor:
    """x with zeros below the k-th diagonal."""
    return torch.triu(x, k)


def linspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> Tensor | tuple[Tensor, Tensor]:
    """num evenly spaced values from start to stop, along a new axis."""
    intervals = max(num - 1 if endpoint else num, 1)
    start, stop = torch.broadcast_tensors(start, beside(start, stop))
    places = torch.arange(num, dtype=start.dtype, device=start.device) / intervals
    places = places.reshape((-1,) + (1,) * start.ndim)
    values = torch.lerp(start, stop, places)  # exact at both ends
    if dtype is not None:
        wanted = native_dtype(dtype)
        values = (values if wanted.is_floating_point or wanted.is_complex else torch.floor(values)).to(wanted)
    values = torch.moveaxis(values, 0, axis)
    return (values, (stop - start) / intervals) if retstep else values


def converted(x: Tensor, dtype: str | None = None, sparse: bool | None = None, ragged: bool | None = None) -> Tensor:
    """x, in another dtype when one is given."""
    return x if dtype is None else x.to(native_dtype(dtype))


def cast(x: Tensor, dtype: str) -> Tensor:
    """x in another dtype."""
    return x.to(native_dtype(dtype))


def stop_gradient(variable: Tensor) -> Tensor:
    """The values, through which no gradient flows."""
    return variable.detach()
