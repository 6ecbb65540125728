"""How often each value occurs in parts of images, and tables that say what becomes of each value there.

All parts are counted at once: a pixel's place in one long row of counts is its part's number times the number of
values, plus its value.
"""

from collections.abc import Sequence
from typing import Any

from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.creation import arange, cast, ones_like
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.reduction import cumsum
from kmb_core.ops.segments import segment_sum


def on_axis(line: Any, axis: int, rank: int = 4) -> Any:
    """A line of numbers, to be broadcast along an axis."""
    return reshape(line, [-1 if place == axis % rank else 1 for place in range(rank)])


def part_numbers(sizes: Sequence[Any], axes: Sequence[int]) -> Any:
    """The number of each pixel's part, where elements with the same place on these axes are one.

    Args:
        sizes: the sizes of a batch of images, tensors among them where a graph does not know them.
        axes: the axes.

    Returns:
        int32 tensor that broadcasts to a batch of images.
    """
    numbers = on_axis(arange(sizes[axes[0]], dtype="int32"), axes[0])
    for axis in axes[1:]:
        numbers = add(multiply(numbers, sizes[axis]), on_axis(arange(sizes[axis], dtype="int32"), axis))
    return numbers


def counts(places: Any, parts: Any, values: int, dtype: str) -> Any:
    """How often each value occurs in each part.

    Args:
        places: int32 tensor: for each pixel `part * values + value`.
        parts: how many parts there are.
        values: how many values there are.
        dtype: of the counts.

    Returns:
        A tensor of shape `(parts, values)`.
    """
    row = reshape(places, (-1,))
    return cast(reshape(segment_sum(ones_like(row), row, parts * values), (-1, values)), dtype)


def cumulated(histograms: Any) -> Any:
    """How many pixels of a part have a value or a smaller one."""
    return cumsum(histograms, axis=1)


def looked_up(tables: Any, places: Any) -> Any:
    """What the tables, `(parts, values)`, say for each pixel."""
    return take(reshape(tables, (-1,)), places, axis=0)
