"""Places in grids, and steps of equal ratio."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import floor_divide, mod, multiply, power, true_divide
from kmb_core.ops.creation import cast, full, linspace
from kmb_core.ops.declaration import composite
from kmb_core.ops.manipulation import broadcast_to, expand_dims, reshape
from kmb_core.ops.operands import beside
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axis, product
from kmb_core.typing import Floating, Tensor, TensorLike


@composite
def meshgrid(*x: TensorLike, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of the points of a grid.

    Args:
        *x: the coordinates along each axis; tensors, which are flattened.
        indexing: "ij": the first axis of the grid is that of the first tensor; "xy": the first two axes are exchanged.

    Returns:
        A list with one tensor for each axis, each of the grid's shape and its own dtype.

    Raises:
        ValueError: for another `indexing`.

    Example:
        >>> from kmb_core import ops
        >>> [ops.shape(part) for part in ops.meshgrid([1, 2], [3, 4, 5])]
        [(3, 2), (3, 2)]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"ops.meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    order = list(range(len(x)))
    if indexing == "xy" and len(x) > 1:
        order[0], order[1] = 1, 0
    sizes = [_count(tensor) for tensor in x]
    grid = tuple(sizes[place] for place in order)
    lines = [tuple(sizes[i] if i == place else 1 for place in order) for i in range(len(x))]
    return [broadcast_to(reshape(tensor, line), grid) for tensor, line in zip(x, lines, strict=True)]


def _count(x: Any) -> Any:
    sizes = shape_of(x)
    return sizes[0] if len(sizes) == 1 else product(sizes)


@composite
def geomspace(
    start: Floating, stop: Floating, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """A number of values from `start` to `stop`, each the same multiple of the one before.

    Args:
        start, stop: numbers or tensors of one sign, not 0; their shapes broadcast.
        num: how many.
        endpoint: whether `stop` is the last one; else it is the one that would follow.
        dtype: name; floatx, or the dtype of the tensors, when None. Integers drop the fraction.
        axis: where the new axis comes in the result.

    Returns:
        A tensor with `num` values along a new axis.

    Raises:
        ValueError: for a negative `num`. ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 3) for v in ops.geomspace(1.0, 4.0, 3)]
        [1.0, 2.0, 4.0]
    """
    stop = beside(start, stop)
    place = linspace(full((), 0, dtype_of(start)), full((), 1, dtype_of(start)), num, endpoint)
    ratio = true_divide(stop, start)
    rank = len(static_shape(ratio))
    axis = normalize_axis(axis, rank + 1, "ops.geomspace")
    place = reshape(place, (num,) + (1,) * (rank - axis))
    first = broadcast_to(start, shape_of(ratio))
    values = multiply(expand_dims(first, axis), power(expand_dims(ratio, axis), place))
    return values if dtype is None else cast(values, dtype)


@composite
def logspace(
    start: Floating,
    stop: Floating,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """A base to the power of evenly spaced values: from `base**start` to `base**stop`.

    Args:
        start, stop: the first and last exponent; numbers or tensors whose shapes broadcast.
        num: how many.
        endpoint: whether `stop` is the last exponent; else it is the one that would follow.
        base: number or tensor.
        dtype: name; floatx, or the dtype of the tensors, when None. Integers drop the fraction.
        axis: where the new axis comes in the result.

    Returns:
        A tensor with `num` values along a new axis.

    Raises:
        ValueError: for a negative `num`. ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 2) for v in ops.logspace(0.0, 2.0, 3)]
        [1.0, 10.0, 100.0]
    """
    exponents = linspace(start, beside(start, stop), num, endpoint, axis=axis)
    values = power(beside(exponents, base), exponents)
    return cast(values, dtype or dtype_of(exponents))


@composite
def unravel_index(indices: TensorLike, shape: Any) -> tuple[Tensor, ...]:
    """Places in a tensor, from places in the flattened one.

    Args:
        indices: tensor of integers; negative ones count from the end.
        shape: sizes of the tensor.

    Returns:
        A tuple with one tensor for each axis, of the shape and dtype of `indices`.

    Raises:
        DTypeError: for indices that are no integers.

    Example:
        >>> from kmb_core import ops
        >>> [int(place) for place in ops.unravel_index(7, (3, 4))]
        [1, 3]
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
    if not dtype_of(indices).startswith(("int", "uint")):
        rules.need_integers(KerasTensor.like((), dtype_of(indices)), "unravel_index")
    if isinstance(indices, KerasTensor):
        return tuple(rules.same(indices) for _ in sizes)
    places = []
    for size in sizes[::-1]:
        places.append(mod(indices, size))
        indices = floor_divide(indices, size)
    return tuple(places[::-1])
