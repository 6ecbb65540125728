"""What a part of the elements lies below: quantiles, percentiles, medians; with NaN or passing over it.

All are one sort along the last axis and two reads at fractional places. How many elements of a line count is a tensor,
because NaN, which a sort puts last, may not.
"""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import floatx
from kmb_core.errors import ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, ceil, clip, floor, minimum, multiply, subtract, true_divide
from kmb_core.ops.arithmetic import round as nearest_of
from kmb_core.ops.comparison import equal, greater_equal, isnan, logical_not, where
from kmb_core.ops.creation import cast, full
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item, take_along_axis
from kmb_core.ops.manipulation import broadcast_to, expand_dims, moveaxis, ravel, reshape
from kmb_core.ops.reduction import Axis, sort
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axes, product, reduced_shape
from kmb_core.typing import Floating, Tensor, TensorLike

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@composite
def quantile(x: Floating, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """What a part q of the elements along axes lies below.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        q: the part, in [0, 1]; a number, or a tensor with one axis.
        axis: one, several, or all axes (None).
        method: what is taken between two elements: "linear", "lower", "higher", "midpoint", "nearest".
        keepdims: whether the axes stay, with size 1.

    Returns:
        The shape of q and then the reduced shape, in the floating dtype; NaN where an element is NaN.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for another method, or for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.quantile([1.0, 2.0, 4.0], 0.25))
        1.5
    """
    return _quantile(x, q, axis, method, keepdims, False, "quantile")


@composite
def nanquantile(
    x: Floating, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """What a part q of the elements along axes that are not NaN lies below.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        q: the part, in [0, 1]; a number, or a tensor with one axis.
        axis: one, several, or all axes (None).
        method: what is taken between two elements: "linear", "lower", "higher", "midpoint", "nearest".
        keepdims: whether the axes stay, with size 1.

    Returns:
        The shape of q and then the reduced shape, in the floating dtype; NaN where all are.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for another method, or for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanquantile([1.0, float("nan"), 2.0], 0.5))
        1.5
    """
    return _quantile(x, q, axis, method, keepdims, True, "nanquantile")


@composite
def percentile(x: Floating, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """What q percent of the elements along axes lie below.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        q: percent, in [0, 100]; a number, or a tensor with one axis.
        axis: one, several, or all axes (None).
        method: what is taken between two elements: "linear", "lower", "higher", "midpoint", "nearest".
        keepdims: whether the axes stay, with size 1.

    Returns:
        The shape of q and then the reduced shape, in the floating dtype; NaN where an element is NaN.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for another method, or for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.percentile([1.0, 2.0, 4.0], 25))
        1.5
    """
    return _quantile(x, _parts(q), axis, method, keepdims, False, "percentile")


@composite
def nanpercentile(
    x: Floating, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """What q percent of the elements along axes that are not NaN lie below.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        q: percent, in [0, 100]; a number, or a tensor with one axis.
        axis: one, several, or all axes (None).
        method: what is taken between two elements: "linear", "lower", "higher", "midpoint", "nearest".
        keepdims: whether the axes stay, with size 1.

    Returns:
        The shape of q and then the reduced shape, in the floating dtype; NaN where all are.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for another method, or for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanpercentile([1.0, float("nan"), 2.0], 50))
        1.5
    """
    return _quantile(x, _parts(q), axis, method, keepdims, True, "nanpercentile")


@composite
def median(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The middle element along axes; the average of two where there is none in the middle.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the floating dtype; NaN where an element is NaN.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.median([1.0, 5.0, 2.0]))
        2.0
    """
    return _quantile(x, full((), 0.5), axis, "linear", keepdims, False, "median")


@composite
def nanmedian(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The middle element along axes of those that are not NaN.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the floating dtype; NaN where all are.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanmedian([1.0, float("nan"), 2.0]))
        1.5
    """
    return _quantile(x, full((), 0.5), axis, "linear", keepdims, True, "nanmedian")


def _parts(q: Any) -> Tensor:
    return true_divide(q, 100)


def _quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, skip: bool, op: str) -> Tensor:
    if method not in METHODS:
        raise ValueError(f"ops.{op}: method is one of {METHODS}, got {method!r}")
    known, parts = static_shape(x), static_shape(q)
    axes = normalize_axes(axis, len(known), f"ops.{op}")
    if product(known[a] for a in axes) == 0:
        raise ShapeError(f"ops.{op}: shape {known} has no elements along axis {axis}")
    if len(parts) > 1:
        raise ShapeError(f"ops.{op}: expected a number or one axis for q, got shape {parts}")
    if isinstance(x, KerasTensor):
        return rules.shaped(x, (*parts, *reduced_shape(known, axis, keepdims, f"ops.{op}")))
    found = _read(sort(_lines(x, axes), -1), ravel(cast(q, _wide(q))), method, skip)
    return reshape(moveaxis(found, -1, 0), (*parts, *reduced_shape(shape_of(x), axis, keepdims, f"ops.{op}")))


def _wide(q: Any) -> str:
    return "float64" if dtype_of(q) == "float64" else floatx()


def _lines(x: Any, axes: tuple[int, ...]) -> Tensor:
    """The axes as one, the last."""
    if not axes:
        return expand_dims(x, -1)
    rank = len(static_shape(x))
    x = moveaxis(x, axes, tuple(range(rank - len(axes), rank)))
    sizes = static_shape(x)
    length = product(sizes[rank - len(axes) :]) if 0 in sizes else None  # what is empty does not say it
    return reshape(x, (*shape_of(x)[: rank - len(axes)], -1 if length is None else length))


def _read(lines: Tensor, parts: Tensor, method: str, skip: bool) -> Tensor:
    """(..., size) sorted, (parts,) → (..., parts)."""
    size = shape_of(lines)[-1]
    last = subtract(cast(size, dtype_of(parts)), 1.0)
    if skip:
        numbers = sum_of(cast(logical_not(isnan(lines)), "int32"), -1, True)
        last = clip(subtract(cast(numbers, dtype_of(parts)), 1.0), 0.0, last)
    place = broadcast_to(multiply(parts, last), (*shape_of(lines)[:-1], shape_of(parts)[0]))
    place = where(greater_equal(place, 0.0), minimum(place, last), 0.0)  # NaN is no place
    found = where(isnan(parts), float("nan"), _between(lines, place, method))
    if skip:
        return found
    end = get_item(lines, (..., slice(-1, None)))
    return where(isnan(end), end, found)


def _between(lines: Tensor, place: Tensor, method: str) -> Tensor:
    if method == "nearest":
        return _at(lines, nearest_of(place))
    below, above = _at(lines, floor(place)), _at(lines, ceil(place))
    if method in ("lower", "higher"):
        return below if method == "lower" else above
    fraction = 0.5 if method == "midpoint" else cast(subtract(place, floor(place)), dtype_of(lines))
    between = add(below, multiply(subtract(above, below), fraction))
    return where(equal(below, above), below, between)  # equal infinities have no difference


def _at(lines: Tensor, place: Tensor) -> Tensor:
    return take_along_axis(lines, cast(place, "int32"), -1)
