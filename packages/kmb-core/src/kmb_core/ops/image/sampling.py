"""Reading a tensor between its elements.

`sampled` serves `map_coordinates` and the transforms of images alike: elements are rows of a table, coordinates say on
each axis where to read, and what lies outside is another element or the fill value, by the mode.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_float, is_integer
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, ceil, floor, maximum, minimum, mod, multiply, subtract
from kmb_core.ops.comparison import equal, greater, greater_equal, less, logical_and, logical_or, where
from kmb_core.ops.creation import cast, full
from kmb_core.ops.declaration import composite
from kmb_core.ops.image.layout import IMAGE, as_dtype, check_choice, working_dtype
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.manipulation import expand_dims, reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
ORDERS = {"nearest": 0, "bilinear": 1}


@composite(saved_module=IMAGE)
def map_coordinates(
    inputs: TensorLike, coordinates: TensorLike, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Tensor:
    """The values of a tensor at places between its elements.

    Args:
        inputs: tensor of any shape and dtype.
        coordinates: `(axes, ...)`: for each axis of `inputs` where to read along it, 0 being the first element.
        order: 0 for the nearest element (half way the one farther from 0), 1 for linear interpolation.
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        fill_value: the constant k.

    Returns:
        A tensor of the shape of `coordinates` without its first axis, in the dtype of `inputs`; interpolated integers
        are rounded.

    Raises:
        ShapeError: when `coordinates` does not have one entry for each axis. ValueError: for an unknown order or mode.

    Example:
        >>> from kmb_core import ops
        >>> found = ops.image.map_coordinates([1.0, 3.0], [[0.5, 1.0, 2.0]], 1, "nearest")
        >>> [float(v) for v in found]
        [2.0, 3.0, 3.0]
    """
    op = "ops.image.map_coordinates"
    check_choice(order, (0, 1), "order", op)
    check_choice(fill_mode, FILL_MODES, "fill_mode", op)
    rank, places = len(static_shape(inputs)), static_shape(coordinates)
    if not rank or not places or places[0] not in (rank, None):
        what = f"{op}: expected coordinates of shape ({rank}, ...) for {rank} axes of inputs, got shape {tuple(places)}"
        raise ShapeError(message(what, None, "The first axis of coordinates goes through the axes of inputs."))
    if isinstance(inputs, KerasTensor) or isinstance(coordinates, KerasTensor):
        return rules.shaped(inputs, places[1:])
    sizes = shape_of(inputs)
    dtype = working_dtype(inputs, coordinates)
    each = [cast(get_item(coordinates, axis), dtype) for axis in range(rank)]
    return sampled(reshape(inputs, (-1,)), sizes, each, 0, order, fill_mode, fill_value)


def sampled(
    elements: Tensor,
    sizes: Sequence[Any],
    coordinates: Sequence[Tensor],
    start: Any,
    order: int,
    fill_mode: str,
    fill_value: float,
) -> Tensor:
    """What is read at each place.

    Args:
        elements: `(count,)`, or `(count, channels)`: the elements one after the other, the last of `sizes` quickest.
        sizes: of the axes.
        coordinates: for each axis, in float32 or float64; their shapes broadcast.
        start: the number of the first element; a tensor of int32 where places read from different blocks.
        order, fill_mode, fill_value: as for `map_coordinates`.

    Returns:
        The shape of the coordinates, and then channels, in the dtype of `elements`.
    """
    steps = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    per_axis = [_neighbours(place, size, order, fill_mode) for place, size in zip(coordinates, sizes, strict=True)]
    with_channels = len(static_shape(elements)) > 1
    read = functools.partial(_read, elements, steps, start, fill_mode, fill_value, with_channels)
    if order == 0:
        return read([neighbours[0] for neighbours in per_axis])
    dtype = working_dtype(elements)
    parts = []
    for corner in itertools.product(*per_axis):
        share = cast(functools.reduce(multiply, [weight for _, weight, _ in corner]), dtype)
        value = as_dtype(read(corner), dtype)
        parts.append(multiply(value, expand_dims(share, -1) if with_channels else share))
    return _whole(functools.reduce(add, parts), dtype_of(elements))


def _whole(x: Tensor, dtype: str) -> Tensor:
    """In the dtype of the elements: integers are rounded, half way away from 0, as places are."""
    if is_integer(dtype):
        x = where(less(x, 0.0), ceil(subtract(x, 0.5)), floor(add(x, 0.5)))
    return as_dtype(x, dtype)


def _neighbours(place: Tensor, size: Any, order: int, fill_mode: str) -> list[tuple[Tensor, Any, Any]]:
    """The elements to read along an axis: number, weight, and whether it is one (None: always)."""
    count = float(size) if isinstance(size, int) else cast(size, dtype_of(place))
    if fill_mode in ("constant", "nearest"):  # farther outside is the same, and may be too far for an int32
        place = minimum(maximum(place, -2.0), count + 1.0)
    below = floor(place)
    fraction = subtract(place, below)
    if order == 0:
        up = logical_or(greater(fraction, 0.5), logical_and(equal(fraction, 0.5), greater_equal(place, 0.0)))
        return [_inside(add(below, cast(up, dtype_of(place))), count, fill_mode, None)]
    return [
        _inside(below, count, fill_mode, subtract(1.0, fraction)),
        _inside(add(below, 1.0), count, fill_mode, fraction),
    ]


def _inside(number: Tensor, count: Any, fill_mode: str, weight: Any) -> tuple[Tensor, Any, Any]:
    """The number of an element that exists, in its place."""
    is_there = None
    if fill_mode == "constant":
        is_there = logical_and(greater_equal(number, 0.0), less(number, count))
    elif fill_mode == "wrap":
        number = mod(number, count)
    elif fill_mode == "mirror":
        period = maximum(2.0 * count - 2.0, 1.0) if not isinstance(count, float) else max(2.0 * count - 2.0, 1.0)
        number = mod(number, period)
        number = minimum(number, subtract(period, number))
    elif fill_mode == "reflect":
        number = mod(number, 2.0 * count)
        number = minimum(number, subtract(2.0 * count - 1.0, number))
    number = where(greater_equal(number, 0.0), minimum(number, count - 1.0), 0.0)  # NaN reads the first, times NaN
    return cast(number, "int32"), weight, is_there


def _read(
    elements: Tensor,
    steps: Sequence[Any],
    start: Any,
    fill_mode: str,
    fill_value: float,
    with_channels: bool,
    corner: Sequence[tuple[Tensor, Any, Any]],
) -> Tensor:
    """The elements at one number on each axis; the fill value where one is missing."""
    number = functools.reduce(add, [multiply(place, step) for (place, _, _), step in zip(corner, steps, strict=True)])
    values = take(elements, add(number, start), 0)
    if fill_mode != "constant":
        return values
    there = functools.reduce(logical_and, [known for _, _, known in corner])
    return where(expand_dims(there, -1) if with_channels else there, values, _filling(fill_value, elements))


def _filling(fill_value: float, elements: Tensor) -> Tensor:
    dtype = dtype_of(elements)
    return full((), fill_value if is_float(dtype) else round(fill_value), dtype)
