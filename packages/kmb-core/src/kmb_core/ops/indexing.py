"""Reading and writing parts of tensors: by index, by slice, by position."""

import builtins
from collections.abc import Sequence
from typing import Any

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError
from kmb_core.ops import rules
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.item_shape import item_shape
from kmb_core.ops.tensors import convert_to_numpy, is_tensor, static_shape
from kmb_core.shapes import normalize_axis, product
from kmb_core.typing import Indices, Operand, Tensor, TensorLike

REDUCTIONS = (None, "add", "max", "min", "mul")
SLICE = builtins.slice  # the op of that name hides it below


@primitive
def take(x: TensorLike, indices: Indices, axis: int | None = None) -> Tensor:
    """The elements at given places along an axis.

    Args:
        x: tensor of any dtype.
        indices: tensor of integers of any shape; negative ones count from the end.
        axis: which axis; None takes from the flattened tensor.

    Returns:
        The shape of x with `axis` replaced by the shape of `indices`; the dtype of x.

    Raises:
        ShapeError: for an axis out of range. Indices out of range raise IndexError where values are known, and give
            unspecified elements on accelerators.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.take([1.0, 2.0, 3.0], [2, 0])]
        [3.0, 1.0]
    """
    rules.need_integers(indices, "take")
    if axis is None:
        return rules.shaped(x, indices.shape)
    axis = normalize_axis(axis, len(x.shape), "ops.take")
    return rules.shaped(x, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


@primitive
def take_along_axis(x: TensorLike, indices: Indices, axis: int | None = None) -> Tensor:
    """The elements at places that are given for each line along an axis, for instance by `argsort`.

    Args:
        x: tensor of any dtype.
        indices: tensor of integers with as many axes as x; the other sizes broadcast.
        axis: which axis; None takes from the flattened tensor.

    Returns:
        The shape of `indices`, broadcast against x on the other axes; the dtype of x.

    Raises:
        ShapeError: when the numbers of axes differ.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.take_along_axis([3.0, 1.0], [1, 0], axis=0)]
        [1.0, 3.0]
    """
    rules.need_integers(indices, "take_along_axis")
    source = x.shape if axis is not None else (product(x.shape),)
    if len(source) != len(indices.shape):
        raise ShapeError(f"ops.take_along_axis: x has {len(source)} axes, indices have {len(indices.shape)}")
    axis = normalize_axis(axis or 0, len(source), "ops.take_along_axis")
    others = tuple(1 if i == axis else size for i, size in enumerate(source))
    return rules.shaped(x, rules.broadcast(KerasTensor.like(others, x.dtype), indices, "take_along_axis").shape)


@primitive
def get_item(x: TensorLike, key: Operand) -> Tensor:
    """`x[key]`, by NumPy's rules.

    Args:
        x: tensor of any dtype.
        key: integers, slices, None for a new axis, Ellipsis, tensors of integers or booleans, or a tuple of these.

    Returns:
        The selected part, in the dtype of x.

    Raises:
        ShapeError: for too many indices. IndexError: for an integer out of range.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.get_item([[1.0, 2.0]], (0, 1)))
        2.0
    """
    return rules.shaped(x, item_shape(x.shape, key))


@composite(saved_module="keras.src.ops.core")
def slice(inputs: TensorLike, start_indices: Operand, shape: Sequence[int]) -> Tensor:
    """The block of a given size that starts at a given place.

    Args:
        inputs: tensor of any dtype.
        start_indices: the first place on each axis; integers, or a tensor of them with one axis. What a tensor says is
            moved so that the block lies in `inputs`.
        shape: the size on each axis; -1 means up to the end.

    Returns:
        A tensor of shape `shape`, in the dtype of `inputs`.

    Raises:
        ShapeError: when the block does not lie in the tensor.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.slice([1.0, 2.0, 3.0], [1], [2])]
        [2.0, 3.0]
    """
    if isinstance(inputs, KerasTensor):
        return rules.shaped(inputs, rules.block(inputs.shape, start_indices, shape, "slice"))
    rules.block(static_shape(inputs), start_indices, shape, "slice")
    starts = convert_to_numpy(start_indices) if is_tensor(start_indices) else start_indices
    axes = zip(starts, shape, static_shape(inputs), strict=True)
    return get_item(inputs, tuple(_span(start, size, whole) for start, size, whole in axes))


def _span(start: Any, size: int, whole: int) -> Any:
    """A block along an axis; a tensor's start is moved so that the block lies in it."""
    place = max(min(int(start), whole - max(size, 0)), 0)
    return SLICE(place, None if size == -1 else place + size)


@primitive(saved_module="keras.src.ops.core")
def slice_update(inputs: TensorLike, start_indices: Operand, updates: TensorLike) -> Tensor:
    """A tensor with one block of it replaced.

    Args:
        inputs: tensor of any dtype.
        start_indices: the first place of the block on each axis; integers, or a tensor of them with one axis. What a
            tensor says is moved so that the block lies in `inputs`.
        updates: the block, with as many axes as `inputs`; cast to the dtype of `inputs`.

    Returns:
        The shape and dtype of `inputs`.

    Raises:
        ShapeError: when the block does not lie in the tensor.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.slice_update([1.0, 2.0, 3.0], [1], [0.0])]
        [1.0, 0.0, 3.0]
    """
    rules.block(inputs.shape, start_indices, updates.shape, "slice_update")
    return rules.same(inputs)


@primitive(saved_module="keras.src.ops.core")
def scatter_update(
    inputs: TensorLike, indices: Indices, updates: TensorLike, reduction: str | None = None
) -> Tensor:
    """A tensor with the elements at given places replaced by, or combined with, others.

    Args:
        inputs: tensor of any dtype.
        indices: tensor of integers of shape (..., depth): places on the first `depth` axes; negative ones count from
            the end. An update for a place out of range is left out, on every backend.
        updates: tensor of shape (..., *inputs.shape[depth:]); cast to the dtype of `inputs`.
        reduction: how they are combined: None replaces, the last of several for one place where a device keeps their
            order; "add", "max", "min", "mul", which are "or", "or", "and", "and" of booleans.

    Returns:
        The shape and dtype of `inputs`.

    Raises:
        ShapeError: when the shapes do not fit. ValueError: for another reduction.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.scatter_update([1.0, 2.0], [[1]], [5.0])]
        [1.0, 5.0]
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"ops.scatter_update: reduction is one of {REDUCTIONS}, got {reduction!r}")
    rules.need_integers(indices, "scatter_update")
    depth = indices.shape[-1] if indices.shape else 0
    if depth is not None:
        if depth > len(inputs.shape):
            raise ShapeError(f"ops.scatter_update: indices name {depth} axes, inputs have {len(inputs.shape)}")
        expected = (*indices.shape[:-1], *inputs.shape[depth:])
        if not rules.fits(updates.shape, expected):
            raise ShapeError(f"ops.scatter_update: expected updates of shape {expected}, got {updates.shape}")
    return rules.same(inputs)
