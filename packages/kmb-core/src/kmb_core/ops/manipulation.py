"""Shapes: reshaping, reordering, joining, splitting, repeating."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.tensors import convert_to_numpy, is_tensor, static_shape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.shapes import Shape, broadcast_shapes, normalize_axes, normalize_axis, pad_widths, product
from kmb_core.typing import Operand, Promoted, Tensor, TensorLike

PAD_MODES = ("constant", "reflect", "symmetric")


@primitive
def reshape(x: TensorLike, newshape: Any) -> Tensor:
    """The same elements in another shape.

    Args:
        x: tensor of any shape and dtype.
        newshape: sizes; one of them may be -1, which is then worked out.

    Returns:
        A tensor of the new shape, in the dtype of x.

    Raises:
        ShapeError: when the numbers of elements differ, or more than one size is -1.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.reshape(ops.ones((2, 6)), (3, -1)))
        (3, 4)
    """
    return rules.shaped(x, _reshaped(x.shape, newshape))


def _reshaped(shape: Shape, newshape: Any) -> Shape:
    wanted = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    free = [i for i, size in enumerate(wanted) if isinstance(size, int) and size == -1]
    if len(free) > 1:
        raise ShapeError(f"ops.reshape: only one size can be -1, got {wanted}")
    target = list(rules.sizes([None if i in free else size for i, size in enumerate(wanted)]))
    total, rest = product(shape), product(size for i, size in enumerate(target) if i not in free)
    if total is None or rest is None:
        return tuple(target)
    if free and rest and total % rest == 0:
        target[free[0]] = total // rest
    elif free or total != rest:
        what = f"ops.reshape: {total} elements of shape {shape} do not fill shape {wanted}"
        raise ShapeError(message(what, None, "The sizes must have the same product; the batch axis counts too."))
    return tuple(target)


@primitive
def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order.

    Args:
        x: tensor of any shape and dtype.
        axes: where each axis of the result comes from; None reverses them.

    Returns:
        The permuted shape, in the dtype of x.

    Raises:
        ShapeError: when `axes` is no permutation.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.transpose(ops.ones((2, 3, 4)), (1, 0, 2)))
        (3, 2, 4)
    """
    rank = len(x.shape)
    order = tuple(range(rank))[::-1] if axes is None else tuple(normalize_axis(a, rank, "ops.transpose") for a in axes)
    if sorted(order) != list(range(rank)):
        raise ShapeError(f"ops.transpose: axes {tuple(axes or ())} do not name each axis of shape {x.shape} once")
    return rules.shaped(x, [x.shape[a] for a in order])


@primitive
def concatenate(xs: Sequence[Promoted], axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have.

    Args:
        xs: tensors with the same sizes on all other axes.
        axis: which axis.

    Returns:
        A tensor with the sum of the sizes on `axis`, in the promoted dtype.

    Raises:
        ShapeError: when other sizes differ. ValueError: without tensors.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.concatenate([[1.0], [2.0, 3.0]])]
        [1.0, 2.0, 3.0]
    """
    if not xs:
        raise ValueError("ops.concatenate: needs at least one tensor")
    axis = normalize_axis(axis, len(xs[0].shape), "ops.concatenate")
    common = list(xs[0].shape)
    for x in xs[1:]:
        rest = [None if i == axis else size for i, size in enumerate(common)]
        if not rules.fits(x.shape, rest):
            raise ShapeError(f"ops.concatenate: shapes {[y.shape for y in xs]} differ beside axis {axis}")
        common = [size if known is None else known for known, size in zip(rest, x.shape, strict=True)]
    sizes = [x.shape[axis] for x in xs]
    common[axis] = None if None in sizes else sum(sizes)
    return rules.shaped(xs[0], common)


@composite
def stack(x: Sequence[Promoted], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    Args:
        x: tensors of the same shape.
        axis: where the new axis comes in the result.

    Returns:
        A tensor with one axis more, in the promoted dtype.

    Raises:
        ShapeError: when the shapes differ. ValueError: without tensors.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.stack([ops.ones((2,)), ops.zeros((2,))], axis=1))
        (2, 2)
    """
    shapes = [static_shape(tensor) for tensor in x]
    if not shapes:
        raise ValueError("ops.stack: needs at least one tensor")
    if not all(rules.fits(shape, shapes[0]) for shape in shapes):
        raise ShapeError(f"ops.stack: expected tensors of one shape, got {shapes}")
    return concatenate([expand_dims(tensor, axis) for tensor in x], axis)


@primitive
def pad(x: TensorLike, pad_width: Any, mode: str = "constant", constant_values: Operand = None) -> Tensor:
    """A tensor with a border.

    Args:
        x: tensor of any dtype.
        pad_width: `((before, after), ...)` for each axis; one pair, or one number, for all axes.
        mode: what the border holds: "constant"; "reflect" mirrors at the outermost element, "symmetric" at the edge.
        constant_values: the number for "constant"; 0 when None.

    Returns:
        A tensor with the sizes grown, in the dtype of x.

    Raises:
        ShapeError: when there are pairs for another number of axes. ValueError: for another mode, or for
            `constant_values` with a mode that has no use for it.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.pad([1.0, 2.0], ((0, 1),))]
        [1.0, 2.0, 0.0]
    """
    if mode not in PAD_MODES:
        raise ValueError(f"ops.pad: mode is one of {PAD_MODES}, got {mode!r}")
    if constant_values is not None and mode != "constant":
        raise ValueError(f"ops.pad: constant_values goes with mode 'constant', not {mode!r}")
    widths = pad_widths(pad_width, len(x.shape), "ops.pad")
    return rules.shaped(x, [None if n is None else n + a + b for n, (a, b) in zip(x.shape, widths, strict=True)])



@primitive
def broadcast_to(x: TensorLike, shape: Any) -> Tensor:
    """The tensor repeated to a shape that it broadcasts to.

    Args:
        x: tensor of any dtype.
        shape: sizes.

    Returns:
        A tensor of that shape, in the dtype of x.

    Raises:
        ShapeError: when x does not broadcast to it.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.broadcast_to([1.0, 2.0], (3, 2)))
        (3, 2)
    """
    target = rules.sizes(shape)
    if not rules.fits(broadcast_shapes(x.shape, target, "ops.broadcast_to"), target):
        raise ShapeError(f"ops.broadcast_to: shape {x.shape} does not broadcast to {target}")
    return rules.shaped(x, target)


@primitive
def flip(x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
    """The elements in reverse order along axes.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.flip([1.0, 2.0])]
        [2.0, 1.0]
    """
    normalize_axes(axis, len(x.shape), "ops.flip")
    return rules.same(x)


@composite
def expand_dims(x: TensorLike, axis: int | Sequence[int]) -> Tensor:
    """A tensor with new axes of size 1.

    Args:
        x: tensor of any shape and dtype.
        axis: where the new axes stand in the result.

    Returns:
        The shape with ones, in the dtype of x.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.expand_dims([1.0, 2.0], 0))
        (1, 2)
    """
    sizes = list(shape_of(x))
    count = 1 if isinstance(axis, int) else len(axis)
    for new in normalize_axes(axis, len(sizes) + count, "ops.expand_dims"):
        sizes.insert(new, 1)
    return reshape(x, tuple(sizes))


@composite
def squeeze(x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
    """A tensor without axes of size 1.

    Args:
        x: tensor of any shape and dtype.
        axis: which of them; None means all.

    Returns:
        The shape without them, in the dtype of x.

    Raises:
        ShapeError: when the size of a named axis is not 1.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.squeeze([[1.0, 2.0]]))
        (2,)
    """
    known, sizes = static_shape(x), shape_of(x)
    if axis is None:
        axes: tuple[int, ...] = tuple(i for i, size in enumerate(known) if size == 1)
    else:
        axes = normalize_axes(axis, len(known), "ops.squeeze")
    wrong = [i for i in axes if known[i] not in (1, None)]
    if wrong:
        raise ShapeError(f"ops.squeeze: axis {wrong[0]} of shape {known} has size {known[wrong[0]]}, not 1")
    return reshape(x, tuple(size for i, size in enumerate(sizes) if i not in axes))


@composite
def ravel(x: TensorLike) -> Tensor:
    """All elements along one axis, the last axis running fastest.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        A tensor with one axis, in the dtype of x.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.ravel(ops.ones((2, 3))))
        (6,)
    """
    return reshape(x, (-1,))


@composite
def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged.

    Args:
        x: tensor of any shape and dtype.
        axis1, axis2: the axes.

    Returns:
        The permuted shape, in the dtype of x.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.swapaxes(ops.ones((2, 3, 4)), 0, 2))
        (4, 3, 2)
    """
    order = list(range(len(static_shape(x))))
    first, second = (normalize_axis(axis, len(order), "ops.swapaxes") for axis in (axis1, axis2))
    order[first], order[second] = second, first
    return transpose(x, tuple(order))


@composite
def moveaxis(x: TensorLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes moved to other places; the others keep their order.

    Args:
        x: tensor of any shape and dtype.
        source: axis or axes.
        destination: where they stand in the result.

    Returns:
        The permuted shape, in the dtype of x.

    Raises:
        ShapeError: for an axis that is out of range or named twice, or for different numbers of axes.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.moveaxis(ops.ones((2, 3, 4)), 0, -1))
        (3, 4, 2)
    """
    rank = len(static_shape(x))
    sources, targets = (
        [normalize_axis(a, rank, "ops.moveaxis") for a in ((axes,) if isinstance(axes, int) else axes)]
        for axes in (source, destination)
    )
    if len(sources) != len(targets) or len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        raise ShapeError(f"ops.moveaxis: source {source} and destination {destination} must name different axes")
    order = [axis for axis in range(rank) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose(x, tuple(order))


@composite
def split(x: TensorLike, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """A tensor cut into pieces along an axis.

    Args:
        x: tensor of any shape and dtype.
        indices_or_sections: into how many equal pieces, or the places where it is cut.
        axis: which axis.

    Returns:
        A list of tensors in the dtype of x.

    Raises:
        ShapeError: when the axis cannot be cut into pieces of equal size.

    Example:
        >>> from kmb_core import ops
        >>> [ops.shape(piece) for piece in ops.split(ops.ones((5,)), [2])]
        [(2,), (3,)]
    """
    axis = normalize_axis(axis, len(static_shape(x)), "ops.split")
    size = shape_of(x)[axis]
    cuts = _cuts(size, indices_or_sections, axis)
    bounds = zip([0, *cuts], [*cuts, None], strict=True)
    pieces = [get_item(x, (slice(None),) * axis + (slice(start, stop),)) for start, stop in bounds]
    return pieces


def _cuts(size: Any, indices_or_sections: Any, axis: int) -> list[Any]:
    try:
        sections = operator.index(indices_or_sections)
    except TypeError:
        return [int(cut) for cut in indices_or_sections]
    if sections < 1 or (isinstance(size, int) and size % sections):
        raise ShapeError(f"ops.split: axis {axis} of size {size} cannot be cut into {sections} equal pieces")
    piece = 0 if size is None else size // sections
    return [piece * number for number in range(1, sections)]


@composite(saved_module="keras.src.ops.core")
def unstack(x: TensorLike, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The parts of a tensor along an axis, without it.

    Args:
        x: tensor of any shape and dtype.
        num: the size of the axis; needed where it is unknown.
        axis: which axis.

    Returns:
        A list of tensors in the dtype of x.

    Raises:
        ShapeError: when the size is unknown, or is not `num`.

    Example:
        >>> from kmb_core import ops
        >>> len(ops.unstack(ops.ones((2, 3)), axis=1))
        3
    """
    sizes = static_shape(x)
    axis = normalize_axis(axis, len(sizes), "ops.unstack")
    count = sizes[axis] if num is None else num
    if count is None or sizes[axis] not in (None, count):
        raise ShapeError(f"ops.unstack: axis {axis} of shape {sizes} has a size that is unknown or not num={num}")
    return [get_item(x, (slice(None),) * axis + (place,)) for place in range(count)]


@composite
def tile(x: TensorLike, repeats: int | Sequence[int]) -> Tensor:
    """A tensor repeated as a whole along its axes.

    Args:
        x: tensor of any shape and dtype.
        repeats: how often for each axis; the shorter of it and the shape is filled up with ones in front.

    Returns:
        A tensor with the sizes multiplied, in the dtype of x.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.tile([1.0, 2.0], 2)]
        [1.0, 2.0, 1.0, 2.0]
    """
    counts = [repeats] if isinstance(repeats, int) else [int(count) for count in repeats]
    sizes = list(shape_of(x))
    counts = [1] * (len(sizes) - len(counts)) + counts
    sizes = [1] * (len(counts) - len(sizes)) + sizes
    one_between = [part for size in sizes for part in (1, size)]
    copies = [part for count, size in zip(counts, sizes, strict=True) for part in (count, size)]
    return reshape(broadcast_to(reshape(x, tuple(one_between)), tuple(copies)), tuple(map(_times, sizes, counts)))


def _times(size: Any, count: int) -> Any:
    return None if size is None else size * count


@composite
def repeat(x: TensorLike, repeats: Any, axis: int | None = None) -> Tensor:
    """A tensor with each element repeated in place along an axis.

    Args:
        x: tensor of any shape and dtype.
        repeats: how often; one number, or one for each place on the axis.
        axis: which axis; None repeats the elements of the flattened tensor.

    Returns:
        A tensor with a longer axis, in the dtype of x.

    Raises:
        ShapeError: for an axis out of range, or when there is not one number for each place.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.repeat([1.0, 2.0], 2)]
        [1.0, 1.0, 2.0, 2.0]
    """
    if axis is None:
        x, axis = ravel(x), 0
    axis = normalize_axis(axis, len(static_shape(x)), "ops.repeat")
    counts = np.asarray(convert_to_numpy(repeats) if is_tensor(repeats) else repeats)
    sizes = list(shape_of(x))
    if counts.size == 1:
        count = int(counts.item())
        wide = broadcast_to(expand_dims(x, axis + 1), (*sizes[: axis + 1], count, *sizes[axis + 1 :]))
        return reshape(wide, (*sizes[:axis], _times(sizes[axis], count), *sizes[axis + 1 :]))
    if isinstance(sizes[axis], int) and counts.shape != (sizes[axis],):
        raise ShapeError(f"ops.repeat: expected {sizes[axis]} repeats for axis {axis}, got {counts.size}")
    return take(x, np.repeat(np.arange(counts.size, dtype="int32"), counts), axis)


@composite
def roll(x: TensorLike, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """A tensor with its elements moved along an axis; those that leave at the end come in at the front.

    Args:
        x: tensor of any shape and dtype.
        shift: how far, for each axis in `axis`.
        axis: one or several; None moves the elements of the flattened tensor.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.roll([1.0, 2.0, 3.0], 1)]
        [3.0, 1.0, 2.0]
    """
    if axis is None:
        total = sum(shift) if isinstance(shift, (list, tuple)) else shift
        return reshape(roll(ravel(x), total, 0), shape_of(x))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    shifts = (shift,) * len(axes) if isinstance(shift, int) else tuple(shift)
    axes = axes * len(shifts) if len(axes) == 1 else axes
    for distance, along in zip(shifts, axes, strict=True):
        x = _rolled(x, distance, normalize_axis(along, len(static_shape(x)), "ops.roll"))
    return x


def _rolled(x: Any, distance: int, axis: int) -> Any:
    size = shape_of(x)[axis]
    if isinstance(x, KerasTensor) or (isinstance(size, int) and size == 0):
        return x
    cut = (size - distance) % size
    leading = (slice(None),) * axis
    return concatenate([get_item(x, (*leading, slice(cut, None))), get_item(x, (*leading, slice(None, cut)))], axis)
