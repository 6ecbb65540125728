"""Pixels' values: from one range to another, and one number for each image of a batch."""

from collections.abc import Sequence
from typing import Any

from kmb_core.ops.arithmetic import add, clip, multiply, subtract
from kmb_core.ops.comparison import where
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import reshape

BYTES = (0, 255)


def rescaled(x: Any, given: Sequence[float], wanted: Sequence[float]) -> Any:
    """x with one range of values mapped to another; the same tensor where both are the same.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.layers.preprocessing.image.pixel_values import rescaled
        >>> [float(v) for v in rescaled(ops.array([-1.0, 0.0, 1.0]), (-1, 1), (0, 255))]
        [0.0, 127.5, 255.0]
    """
    if tuple(given) == tuple(wanted):
        return x
    factor = (wanted[1] - wanted[0]) / (given[1] - given[0])
    moved = subtract(x, given[0]) if given[0] else x
    result = multiply(moved, factor)
    return add(result, wanted[0]) if wanted[0] else result


def clipped(x: Any, value_range: Sequence[float]) -> Any:
    """x kept within a range."""
    return clip(x, value_range[0], value_range[1])


def levels_of(x: Any, value_range: Sequence[float], count: int) -> Any:
    """Which of `count` equal steps, the last one for the highest value alone, a value is on: int32 from 0.

    What rescaling took from whole numbers by rounding is given back, so that 127.99999 is 128.
    """
    steps = rescaled(x, value_range, (0, count - 1))
    steps = steps if steps is x else add(steps, 1e-4)
    return cast(clip(steps, 0, count - 1), "int32")


def per_image(numbers: Any, dtype: str) -> Any:
    """Numbers for the images of a batch, of any shape, as `(batch, 1, 1, 1)`."""
    return reshape(cast(numbers, dtype), (-1, 1, 1, 1))


def chosen(which: Any, changed: Any, images: Any) -> Any:
    """The images of a batch that are marked changed, the others as they were."""
    return where(reshape(which, (-1, 1, 1, 1)), changed, images)
