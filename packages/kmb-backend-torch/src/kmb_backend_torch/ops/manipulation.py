"""Shapes: views where torch can give them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kmb_backend_torch.ops.unsigned import with_unsigned
from kmb_core.shapes import normalize_axes, pad_widths

Tensor = torch.Tensor

ravel = torch.ravel


def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """x repeated to a shape, without a copy."""
    return torch.broadcast_to(x, shape)


def concatenate(xs: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors one behind the other along an axis."""
    result = torch.cat(xs, axis)
    if result.ndim > 1 and any(x.ndim == 1 for x in xs):  # torch leaves out empty vectors
        raise ValueError("the numbers of axes differ")
    return result


def stack(x: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors one behind the other along a new axis."""
    return torch.stack(x, axis)


def reshape(x: Tensor, newshape: int | Sequence[int]) -> Tensor:
    """x with another shape; one size may be -1."""
    return torch.reshape(x, (newshape,) if newshape.__class__ is int else newshape)


def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """x with its axes in another order; reversed when None."""
    return x.permute(tuple(range(x.ndim))[::-1] if axes is None else tuple(axes))


def moveaxis(x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """x with axes at other places."""
    if not x.ndim:
        normalize_axes(source, 0, "ops.moveaxis")
    return torch.moveaxis(x, source, destination)


def swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    """x with two axes exchanged."""
    if not x.ndim:
        normalize_axes((axis1, axis2), 0, "ops.swapaxes")
    return torch.swapaxes(x, axis1, axis2)


def expand_dims(x: Tensor, axis: int | Sequence[int]) -> Tensor:
    """x with axes of size 1 put in."""
    if axis.__class__ is int:
        return torch.unsqueeze(x, axis)
    rank = x.ndim + len(axis)
    for position in normalize_axes(axis, rank, "ops.expand_dims"):
        x = torch.unsqueeze(x, position)
    return x


def squeeze(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """x without its axes of size 1."""
    if axis is None:
        return torch.squeeze(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(x.shape[a] != 1 for a in axes):
        raise ValueError(f"squeeze: axis {axis} of shape {tuple(x.shape)} is not of size 1")
    return torch.squeeze(x, axes)


@with_unsigned
def flip(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """x in reverse order along axes."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.flip")
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    return torch.flip(x, tuple(axes))


def roll(x: Tensor, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """x with elements moved round along axes."""
    if axis is not None and not isinstance(axis, int) and isinstance(shift, int):
        shift = (shift,) * len(axis)
    return torch.roll(x, shift, axis)


def repeat(x: Tensor, repeats: Any, axis: int | None = None) -> Tensor:
    """x with each element repeated."""
    if not isinstance(repeats, (int, Tensor)):
        repeats = torch.as_tensor(repeats, device=x.device)
    if isinstance(repeats, Tensor) and repeats.numel() == 1:
        repeats = repeats.reshape(1).expand(x.numel() if axis is None else x.shape[axis])
    return torch.repeat_interleave(x, repeats, axis)


def tile(x: Tensor, repeats: int | Sequence[int]) -> Tensor:
    """x repeated as a whole along each axis."""
    return torch.tile(x, (repeats,) if isinstance(repeats, int) else tuple(repeats))


def split(x: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Equal parts for a number, else the parts between the given positions."""
    if isinstance(indices_or_sections, (int, np.integer)):
        size, parts = x.shape[axis], int(indices_or_sections)
        if parts < 1 or size % parts:
            raise ValueError(f"split: {size} elements along axis {axis} do not make {parts} equal parts")
        return list(torch.tensor_split(x, parts, axis))
    return list(torch.tensor_split(x, tuple(int(i) for i in indices_or_sections), axis))


def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along an axis."""
    if num is not None and x.shape[axis] != num:
        raise ValueError(f"the axis has {x.shape[axis]} slices")  # the declaration says it in full
    return list(torch.unbind(x, axis))


@with_unsigned
def pad(x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """x with elements added before and after each axis, in NumPy's modes."""
    if mode not in ("constant", "reflect", "symmetric") or (constant_values is not None and mode != "constant"):
        raise ValueError(f"pad: mode {mode!r}, constant_values {constant_values!r}")
    widths = pad_widths(pad_width, x.ndim, "ops.pad")
    if mode == "constant":
        flat = [amount for pair in reversed(widths) for amount in pair]
        value = 0 if constant_values is None else constant_values
        return torch.nn.functional.pad(x, flat, value=value.item() if isinstance(value, Tensor) else value)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = torch.arange(-before, x.shape[axis] + after, device=x.device)
            x = torch.index_select(x, axis, _mirrored(places, x.shape[axis], mode))
    return x


def _mirrored(places: Tensor, size: int, mode: str) -> Tensor:
    """Where an axis of `size` elements is read at places outside of it, back and forth; "reflect" repeats no end."""
    if size == 0:
        raise ValueError("pad: an empty axis has no elements to repeat")
    period = 2 * size if mode == "symmetric" else max(2 * size - 2, 1)
    inside = places % period
    return torch.minimum(inside, period - (mode == "symmetric") - inside)
