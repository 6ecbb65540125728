"""Reading and writing by position. torch indexes with int32 and int64; negative positions count from the end."""

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.compiler import is_compiling

from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor
Slice = builtins.slice  # `slice` is an op here
ROW = 32  # elements that lie together, from which on copying them as a run is quicker than gathering them
MANY = 512  # positions, from which on the chance of an exception is cheaper than two more kernels


def _positions(indices: Tensor) -> Tensor:
    """Indices in a dtype that torch indexes with."""
    return indices if indices.dtype in (torch.int32, torch.int64) else indices.to(torch.int64)


def take(x: Tensor, indices: Tensor, axis: int | None = None) -> Tensor:
    """The elements of x at positions along an axis, or of the flat x."""
    if axis == 0 and x.ndim == 2 and _tried(x, indices):
        try:
            return torch.embedding(x, indices)
        except (IndexError, RuntimeError):
            pass  # some count from the end or are outside; or their dtype, or that of x, is not the kernel's
    return _taken(x, indices, axis)


def _tried(x: Tensor, indices: Tensor) -> bool:
    """Whether positions are looked up as they are: the kernels of a processor refuse those that count from the end.

    Nothing is known of them under a trace, where torch says by a tensor how many there are.
    """
    if not x.is_cpu or is_compiling():
        return False
    count = indices.numel()
    return count.__class__ is int and count >= MANY


@with_unsigned
def _taken(x: Tensor, indices: Tensor, axis: int | None) -> Tensor:
    indices = _positions(indices)
    if axis is None:
        return x.ravel()[indices]
    if not -x.ndim <= axis < x.ndim:
        raise ValueError("axis out of range")  # the declaration says it in full
    axis %= x.ndim
    if indices.ndim and math.prod(x.shape[axis + 1 :]) >= ROW:
        return _rows(x, indices, axis)
    return x[(Slice(None),) * axis + (indices,)]


def _rows(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """The same, four times as fast where runs are copied: `index_select`, which counts from the front only.

    On a processor it refuses other positions, so nothing is added to many of them before it has done so.
    """
    flat = indices.reshape(-1)
    if _tried(x, indices):
        try:
            return _selected(x, flat, indices.shape, axis)
        except IndexError:
            pass  # some count from the end, or are outside
    return _selected(x, torch.add(flat, flat < 0, alpha=x.shape[axis]), indices.shape, axis)


def _selected(x: Tensor, positions: Tensor, shape: torch.Size, axis: int) -> Tensor:
    found = torch.index_select(x, axis, positions)
    return found if len(shape) == 1 else found.reshape(*x.shape[:axis], *shape, *x.shape[axis + 1 :])


@with_unsigned
def take_along_axis(x: Tensor, indices: Tensor, axis: int | None = None) -> Tensor:
    """The elements of x at positions that differ from row to row."""
    if axis is None:
        x, axis = x.ravel(), 0
    indices = indices.to(torch.int64)
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    return torch.take_along_dim(x, indices, axis)


@with_unsigned
def get_item(x: Tensor, key: Any) -> Tensor:
    """`x[key]` by NumPy's rules, negative steps included."""
    parts = key if isinstance(key, tuple) else (key,)
    parts = tuple(torch.as_tensor(p, device=x.device) if isinstance(p, (np.ndarray, list)) else p for p in parts)
    if any(isinstance(p, Tensor) and p.ndim for p in parts):  # beside these NumPy takes a number for an array too
        parts = tuple(torch.tensor([p], device=x.device) if p.__class__ is int else p for p in parts)
    if any(isinstance(p, Slice) and p.step is not None and p.step < 0 for p in parts):
        return _backwards(x, parts)
    return x[tuple(_positions(p) if isinstance(p, Tensor) and p.dtype is not torch.bool else p for p in parts)]


def _axes_of(part: Any) -> int:
    """How many axes of the tensor a part of a key takes."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, Tensor) and part.dtype is torch.bool else 1


def _backwards(x: Tensor, parts: tuple[Any, ...]) -> Tensor:
    """torch's slices only go forward: slice and flip those that go backward, then apply the rest of the key."""
    hidden = x.ndim - sum(map(_axes_of, parts))
    key, turned, rest, axis = [Slice(None)] * x.ndim, [], [], 0
    for part in parts:
        if isinstance(part, Slice) and part.step is not None and part.step < 0:
            chosen = range(x.shape[axis])[part]
            key[axis] = Slice(chosen[-1], chosen[0] + 1, -part.step) if len(chosen) else Slice(0, 0)
            turned.append(axis)
            rest.append(Slice(None))
        else:
            rest.append(part)
        axis += hidden if part is Ellipsis else _axes_of(part)
    return torch.flip(x[tuple(key)], turned)[tuple(rest)]


def _starts(start_indices: Any, device: torch.device) -> list[Any]:
    """One start an axis: a number, or a scalar tensor that is never read back to the host."""
    if isinstance(start_indices, Tensor):
        return list(start_indices.unbind(0))
    starts = [s if isinstance(s, Tensor) else int(s) for s in start_indices]
    if any(not isinstance(s, Tensor) and s < 0 for s in starts):  # torch would count from the end
        raise ValueError("a block starts inside")
    return starts


def _moved_inside(start: Any, last: int) -> Any:
    """A start that is known to the device only, so that the block lies in the tensor."""
    return start.to(torch.int64).clamp(0, last) if isinstance(start, Tensor) else start


@with_unsigned
def slice(inputs: Tensor, start_indices: Any, shape: Sequence[int]) -> Tensor:
    """A block of a given shape that starts at given positions."""
    starts = _starts(start_indices, inputs.device)
    for axis, (start, size) in enumerate(zip(starts, shape, strict=True)):
        size = inputs.shape[axis] - start if size == -1 else size
        if isinstance(start, Tensor):
            positions = _moved_inside(start, inputs.shape[axis] - size) + torch.arange(size, device=inputs.device)
            inputs = torch.index_select(inputs, axis, positions)
        else:
            inputs = inputs.narrow(axis, start, size)
    return inputs


@with_unsigned
def slice_update(inputs: Tensor, start_indices: Any, updates: Tensor) -> Tensor:
    """inputs with a block replaced."""
    starts = _starts(start_indices, inputs.device)
    result = inputs.clone()
    if not any(isinstance(start, Tensor) for start in starts):
        block = result
        for axis, (start, size) in enumerate(zip(starts, updates.shape, strict=True)):
            block = block.narrow(axis, start, size)
        block.copy_(updates)
        return result
    grid = []
    for axis, (start, size) in enumerate(zip(starts, updates.shape, strict=True)):
        positions = _moved_inside(start, inputs.shape[axis] - size) + torch.arange(size, device=inputs.device)
        grid.append(positions.reshape([-1 if a == axis else 1 for a in range(inputs.ndim)]))
    return result.index_put_(tuple(grid), updates)


_REDUCTIONS = {"max": "amax", "min": "amin", "mul": "prod"}


@with_unsigned
def scatter_update(inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None) -> Tensor:
    """inputs with elements replaced, or joined with updates by "add", "max", "min" or "mul"."""
    fits = indices.shape[-1] <= inputs.ndim and updates.shape == indices.shape[:-1] + inputs.shape[indices.shape[-1] :]
    if not fits:
        raise ValueError("the updates' shape does not fit")  # the declaration says it in full
    if inputs.dtype is torch.bool and reduction is not None:
        wide = (x.to(torch.int32) for x in (inputs, indices, updates))
        return scatter_update(*wide, reduction).to(torch.bool)
    sizes, rest = inputs.shape[: indices.shape[-1]], inputs.shape[indices.shape[-1] :]
    count = math.prod(sizes)
    flat = _flat_places(indices.to(torch.int64), sizes).reshape(-1)
    updates = updates.to(inputs.dtype).reshape(flat.numel(), *rest)
    rows = torch.cat([inputs.reshape(count, *rest), inputs.new_zeros((1, *rest))])  # the last takes what is left out
    if reduction in (None, "add"):
        rows = rows.index_put_((flat,), updates, accumulate=reduction == "add")
    elif updates.numel():
        target = flat.reshape(-1, *[1] * len(rest)).expand_as(updates)
        rows = rows.scatter_reduce(0, target, updates, _REDUCTIONS[reduction])
    return rows[:count].reshape(inputs.shape)


def _flat_places(indices: Tensor, sizes: Sequence[int]) -> Tensor:
    """Places as numbers in the order of reading; as many as there are for those out of range."""
    if not sizes:  # places on no axis: each is all of the tensor
        return torch.zeros(indices.shape[:-1], dtype=torch.int64, device=indices.device)
    first, *others = indices.unbind(-1)
    flat, inside = _from_front(first, sizes[0])
    for position, size in zip(others, sizes[1:], strict=True):
        place, here = _from_front(position, size)
        flat, inside = flat * size + place, inside & here
    return torch.where(inside, flat, math.prod(sizes))


def _from_front(position: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A position counted from the front, and whether it is one."""
    here = (position >= -size) & (position < size)
    return torch.where(position < 0, position + size, position), here
