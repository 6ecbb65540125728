"""Weighted sums of the pixels around each one; what lies outside of an image counts as 0."""

from collections.abc import Sequence
from typing import Any

from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import pad
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape


def weighted_line(x: Any, axis: int, weights: Sequence[Any]) -> Any:
    """The weighted sum of each element's neighbours along an axis.

    Args:
        x: a tensor.
        axis: the axis, counted from the end.
        weights: an odd number of them, the element's own in the middle: numbers, or tensors that broadcast to x.

    Returns:
        A tensor of the shape of x.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.layers.preprocessing.image.windows import weighted_line
        >>> [float(v) for v in weighted_line(ops.array([1.0, 10.0, 100.0]), -1, [1.0, 2.0, 3.0])]
        [32.0, 321.0, 210.0]
    """
    rank, half = len(static_shape(x)), len(weights) // 2
    wide = pad(x, [(half, half) if place == axis + rank else (0, 0) for place in range(rank)])
    size = shape_of(x)[axis]
    before = (slice(None),) * (axis + rank)
    total = None
    for start, weight in enumerate(weights):
        part = multiply(get_item(wide, (*before, slice(start, start + size))), weight)
        total = part if total is None else add(total, part)
    return total
