"""Joining and cutting along the first, second and third axis, and at the end of a tensor."""

import itertools
from collections.abc import Sequence
from typing import Any

from kmb_core.errors import ShapeError
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import concatenate, ravel, reshape, split
from kmb_core.ops.operands import beside
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axis
from kmb_core.typing import Promoted, Tensor, TensorLike


@composite
def append(x1: Promoted, x2: Promoted, axis: int | None = None) -> Tensor:
    """x2 behind x1.

    Args:
        x1, x2: tensors of any dtype, with the same sizes on all axes but `axis`.
        axis: which axis; None joins the flattened tensors.

    Returns:
        The joined tensor, in the promoted dtype.

    Raises:
        ShapeError: when other sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.append([1.0, 2.0], [3.0])]
        [1.0, 2.0, 3.0]
    """
    x2 = beside(x1, x2)
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)], 0)
    return concatenate([x1, x2], axis)


@composite
def hstack(xs: Sequence[Promoted]) -> Tensor:
    """Tensors side by side: joined along the second axis; vectors and scalars along the only one.

    Args:
        xs: tensors with the same sizes on all other axes.

    Returns:
        The joined tensor, in the promoted dtype.

    Raises:
        ShapeError: when other sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.hstack([ops.ones((2, 1)), ops.ones((2, 3))]))
        (2, 4)
    """
    xs = [reshape(x, (1,)) if not static_shape(x) else x for x in xs]
    return concatenate(xs, 0 if len(static_shape(xs[0])) == 1 else 1)


@composite
def vstack(xs: Sequence[Promoted]) -> Tensor:
    """Tensors one below the other: joined along the first axis; vectors are rows.

    Args:
        xs: tensors with the same sizes on all other axes.

    Returns:
        The joined tensor with at least two axes, in the promoted dtype.

    Raises:
        ShapeError: when other sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.vstack([ops.ones((3,)), ops.ones((3,))]))
        (2, 3)
    """
    return concatenate([_with_axes(x, 2) for x in xs], 0)


@composite
def dstack(xs: Sequence[Promoted]) -> Tensor:
    """Tensors one behind the other: joined along the third axis; vectors are rows, matrices have depth 1.

    Args:
        xs: tensors with the same sizes on all other axes.

    Returns:
        The joined tensor with at least three axes, in the promoted dtype.

    Raises:
        ShapeError: when other sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.dstack([ops.ones((3,)), ops.ones((3,))]))
        (1, 3, 2)
    """
    return concatenate([_with_axes(x, 3) for x in xs], 2)


def _with_axes(x: Any, count: int) -> Tensor:
    """x with at least 2 or 3 axes: missing ones come in front, but depth comes last."""
    sizes = tuple(shape_of(x))
    if len(sizes) >= count:
        return x
    row = (1,) * (2 - len(sizes)) + sizes
    return reshape(x, row if count == 2 else (*row, 1))


@composite
def array_split(x: TensorLike, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """A tensor cut into a number of pieces that need not have one size: the first ones are larger by one.

    Args:
        x: tensor of any dtype.
        indices_or_sections: how many pieces, or the places where it is cut.
        axis: which axis.

    Returns:
        A list of tensors in the dtype of x.

    Raises:
        ValueError: for less than one piece. ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [ops.shape(part) for part in ops.array_split(ops.ones((5,)), 2)]
        [(3,), (2,)]
    """
    if not isinstance(indices_or_sections, int):
        return split(x, indices_or_sections, axis)
    if indices_or_sections < 1:
        raise ValueError(f"ops.array_split: needs at least one piece, got {indices_or_sections}")
    axis = normalize_axis(axis, len(static_shape(x)), "ops.array_split")
    bounds = _bounds(shape_of(x)[axis], indices_or_sections)
    return [get_item(x, (slice(None),) * axis + (slice(a, b),)) for a, b in itertools.pairwise(bounds)]


def _bounds(size: Any, pieces: int) -> list[Any]:
    if size is None:
        return [None] * (pieces + 1)
    return [number * (size // pieces) + _smaller(number, size % pieces) for number in range(pieces + 1)]


def _smaller(number: int, rest: Any) -> Any:
    """The minimum, of a size that a traced function may hold as a tensor too."""
    return min(number, rest) if isinstance(rest, int) else rest - (rest - number) * (rest > number)


@composite
def hsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """A tensor cut along the second axis; a vector along its only one.

    Args:
        x: tensor of any dtype.
        indices_or_sections: into how many equal pieces, or the places where it is cut.

    Returns:
        A list of tensors in the dtype of x.

    Raises:
        ShapeError: for too few axes, or when the axis cannot be cut into pieces of equal size.

    Example:
        >>> from kmb_core import ops
        >>> [ops.shape(part) for part in ops.hsplit(ops.ones((2, 4, 2)), 2)]
        [(2, 2, 2), (2, 2, 2)]
    """
    return split(x, indices_or_sections, 0 if _rank(x, 1, "hsplit") == 1 else 1)


@composite
def vsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """A tensor cut along the first axis.

    Args:
        x: tensor of any dtype.
        indices_or_sections: into how many equal pieces, or the places where it is cut.

    Returns:
        A list of tensors in the dtype of x.

    Raises:
        ShapeError: for too few axes, or when the axis cannot be cut into pieces of equal size.

    Example:
        >>> from kmb_core import ops
        >>> [ops.shape(part) for part in ops.vsplit(ops.ones((2, 4, 2)), 2)]
        [(1, 4, 2), (1, 4, 2)]
    """
    _rank(x, 2, "vsplit")
    return split(x, indices_or_sections, 0)


@composite
def dsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """A tensor cut along the third axis.

    Args:
        x: tensor of any dtype.
        indices_or_sections: into how many equal pieces, or the places where it is cut.

    Returns:
        A list of tensors in the dtype of x.

    Raises:
        ShapeError: for too few axes, or when the axis cannot be cut into pieces of equal size.

    Example:
        >>> from kmb_core import ops
        >>> [ops.shape(part) for part in ops.dsplit(ops.ones((2, 4, 2)), 2)]
        [(2, 4, 1), (2, 4, 1)]
    """
    _rank(x, 3, "dsplit")
    return split(x, indices_or_sections, 2)


def _rank(x: Any, least: int, op: str) -> int:
    shape = static_shape(x)
    if len(shape) < least:
        raise ShapeError(f"ops.{op}: expected at least {least} axes, got shape {shape}")
    return len(shape)
