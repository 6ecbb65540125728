"""Arithmetic on shapes with unknown sizes (None): what the symbolic rules are made of."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from kmb_core.errors import ShapeError

Shape = tuple[int | None, ...]


def standardize_shape(shape: Any) -> Shape:
    """A tuple of ints and Nones.

    Raises:
        ShapeError: when an entry is negative or no integer.
    """
    if isinstance(shape, int):
        raise ShapeError(f"a shape is a sequence of sizes, got the int {shape}; write ({shape},)")
    if shape is None or not isinstance(shape, Iterable):
        raise ShapeError(f"a shape is a sequence of sizes, got {shape!r}")
    return tuple(_standardize_size(size, shape) for size in shape)


def _standardize_size(size: Any, shape: Any) -> int | None:
    if size is None:
        return None
    try:
        size = operator.index(size)
    except TypeError:
        raise ShapeError(f"sizes are integers or None, got {size!r} in {shape!r}") from None
    if size < 0:
        raise ShapeError(f"sizes are not negative, got {size} in {tuple(shape)!r}")
    return size


def broadcast_shapes(first: Shape, second: Shape, where: str = "broadcast") -> Shape:
    """The common shape by NumPy's rule; unknown against known > 1 gives the known size.

    Raises:
        ShapeError: for sizes that differ and are not 1.
    """
    if first == second:
        return first
    rank = max(len(first), len(second))
    left = (1,) * (rank - len(first)) + tuple(first)
    right = (1,) * (rank - len(second)) + tuple(second)
    return tuple(_broadcast_size(a, b, first, second, where) for a, b in zip(left, right, strict=True))


def _broadcast_size(a: int | None, b: int | None, first: Shape, second: Shape, where: str) -> int | None:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return a if b is None else b
    raise ShapeError(f"{where}: shapes {first} and {second} do not broadcast ({a} against {b})")


def normalize_axis(axis: int, rank: int, where: str) -> int:
    """The axis counted from the front.

    Raises:
        ShapeError: when it is out of range, or no integer.
    """
    try:
        axis = operator.index(axis)
    except TypeError:
        raise ShapeError(f"{where}: expected one axis as an integer, got {axis!r}") from None
    if not -rank <= axis < rank:
        raise ShapeError(f"{where}: axis {axis} is out of range for {rank} axes (allowed: {-rank} to {rank - 1})")
    return axis % rank if rank else 0


def normalize_axes(axis: int | Sequence[int] | None, rank: int, where: str) -> tuple[int, ...]:
    """All axes counted from the front, sorted; None means all."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    normalized = sorted(normalize_axis(a, rank, where) for a in axes)
    if len(set(normalized)) != len(normalized):
        raise ShapeError(f"{where}: axis {axis} names an axis twice")
    return tuple(normalized)


def reduced_shape(shape: Shape, axis: int | Sequence[int] | None, keepdims: bool, where: str) -> Shape:
    """The shape after reducing `axis`."""
    axes = normalize_axes(axis, len(shape), where)
    if keepdims:
        return tuple(1 if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def product(sizes: Iterable[int | None]) -> int | None:
    """Number of elements; None when a size is unknown (0 when one is 0)."""
    result: int | None = 1
    for size in sizes:
        if size == 0:
            return 0
        result = None if size is None or result is None else result * size
    return result


def pad_widths(pad_width: Any, rank: int, where: str) -> tuple[tuple[int, int], ...]:
    """One pair (before, after) for each axis, from one number, one pair or pairs.

    Raises:
        ShapeError: when there are pairs for another number of axes, or a width is negative.
    """
    if isinstance(pad_width, int):
        pad_width = (pad_width, pad_width)
    pairs = [tuple(pair) if isinstance(pair, Iterable) else pair for pair in pad_width]
    if len(pairs) in (1, 2) and all(isinstance(width, int) for width in pairs):
        pairs = [(pairs[0], pairs[-1])]
    if len(pairs) == 1:
        pairs *= rank
    if len(pairs) != rank or not all(isinstance(pair, tuple) and len(pair) in (1, 2) for pair in pairs):
        raise ShapeError(f"{where}: expected a pair of widths for each of {rank} axes, got {pad_width}")
    widths = tuple((operator.index(pair[0]), operator.index(pair[-1])) for pair in pairs)
    if any(min(pair) < 0 for pair in widths):
        raise ShapeError(f"{where}: widths are not negative, got {pad_width}")
    return widths


def transposed_cut(extent: int, stride: int, padding: str, output_padding: int | None) -> int:
    """What a transposed convolution leaves out of all `(size - 1) * stride + extent` sums that a window takes part in.

    "same" leaves out so much that `size * stride` are left, "valid" nothing. With `output_padding`, "same" leaves out
    half a window on both sides and so many elements are given back at the end. Below 0 is what is added there.
    Of what is left out, the smaller half stands in front.
    """
    if output_padding is None:
        return extent - stride if padding == "same" else min(extent - stride, 0)
    return (2 * (extent // 2) if padding == "same" else 0) - output_padding
