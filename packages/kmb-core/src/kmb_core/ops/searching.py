"""Finding: places in sorted sequences, bins and what falls into them, members of sets, choices among tensors."""

from collections.abc import Sequence
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_float, result_type
from kmb_core.errors import CapabilityError, DTypeError, ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, clip, minimum, multiply, subtract
from kmb_core.ops.comparison import (
    equal,
    greater,
    greater_equal,
    less_equal,
    logical_and,
    logical_not,
    not_equal,
    where,
)
from kmb_core.ops.creation import arange, cast, full, linspace, ones_like, zeros, zeros_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.indexing import get_item, scatter_update, take
from kmb_core.ops.manipulation import expand_dims, flip, ravel, reshape
from kmb_core.ops.operands import beside
from kmb_core.ops.reduction import argsort, sort
from kmb_core.ops.reduction import max as largest_of
from kmb_core.ops.reduction import min as smallest_of
from kmb_core.ops.tensors import convert_to_numpy, static_shape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.shapes import normalize_axis, product
from kmb_core.typing import Floating, Promoted, Tensor, TensorLike

SIDES = ("left", "right")


@primitive(saved="SearchSorted")
def searchsorted(sorted_sequence: Promoted, values: Promoted, side: str = "left") -> Tensor:
    """Where values would have to be put into a sorted sequence.

    Args:
        sorted_sequence: tensor of shape (size,) in ascending order.
        values: tensor of any shape.
        side: "left": before equal elements; "right": behind them.

    Returns:
        int32 of the shape of `values`, each in [0, size].

    Raises:
        ShapeError: when the sequence has not one axis. ValueError: for another side.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.searchsorted([1.0, 2.0, 3.0], [2.0, 9.0])]
        [1, 3]
    """
    if side not in SIDES:
        raise ValueError(f"ops.searchsorted: side is one of {SIDES}, got {side!r}")
    if len(sorted_sequence.shape) != 1:
        raise ShapeError(f"ops.searchsorted: expected a sequence with one axis, got shape {sorted_sequence.shape}")
    return rules.typed(values, "int32")


@composite
def digitize(x: Promoted, bins: Promoted) -> Tensor:
    """The number of the bin that each element falls into.

    Args:
        x: tensor of any shape and dtype.
        bins: tensor of shape (size,): the limits, ascending or descending.

    Returns:
        int32 of the shape of x: 0 before the first limit, `size` from the last one on.

    Raises:
        ShapeError: when the limits have not one axis.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.digitize([0.5, 1.0, 7.0], [0.0, 1.0, 2.0])]
        [1, 2, 3]
    """
    size = static_shape(bins)[0] if len(static_shape(bins)) == 1 else None
    if isinstance(x, KerasTensor) or size is None or size < 2:
        return searchsorted(bins, x, "right")
    falling = greater(get_item(bins, 0), get_item(bins, -1))
    from_above = subtract(full((), size, "int32"), searchsorted(flip(bins), x, "right"))
    return where(falling, from_above, searchsorted(bins, x, "right"))


@composite(saved="IsIn")
def isin(x1: Promoted, x2: Promoted, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which elements of x1 are among those of x2; NaN never is.

    Args:
        x1, x2: tensors of any shape and dtype.
        assume_unique: a hint that no element occurs twice, which is not needed here.
        invert: whether those that are not are asked for.

    Returns:
        Booleans of the shape of x1.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.isin([1, 2, 3], [3, 1])]
        [True, False, True]
    """
    if isinstance(x1, KerasTensor):
        return rules.typed(x1, "bool")
    x2 = beside(x1, x2)
    if dtype_of(x1) == "bool":  # some frameworks do not sort them
        x1, x2 = cast(x1, "int32"), cast(x2, "int32")
    count = product(static_shape(x2))
    if count == 0:
        found = zeros_like(x1, "bool")
    else:
        members = sort(ravel(x2))
        places = searchsorted(members, x1)
        found = equal(take(members, minimum(places, subtract(cast(_size(members), "int32"), 1)), 0), x1)
    return logical_not(found) if invert else found


@composite
def argpartition(x: TensorLike, kth: int, axis: int | None = -1) -> Tensor:
    """Places in an order in which smaller elements come before the one at `kth`, larger ones behind it.

    Args:
        x: tensor of any dtype.
        kth: a place along the axis; negative ones count from the end.
        axis: which axis; None stands for the flattened tensor.

    Returns:
        int32 of the same shape; one axis when `axis` is None. Here all elements are sorted.

    Raises:
        ShapeError: for an axis out of range. ValueError: for a place out of range.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.argpartition([3.0, 1.0, 2.0], 0)[0])
        1
    """
    known = static_shape(x)
    size = product(known) if axis is None else known[normalize_axis(axis, len(known), "ops.argpartition")]
    if size is not None and not -size <= kth < size:
        raise ValueError(f"ops.argpartition: kth is a place in an axis of size {size}, got {kth}")
    return argsort(x, axis)


@composite
def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """The places of the elements that are not zero.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        A tuple with one int32 tensor for each axis, each of shape (count,).

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.nonzero([0.0, 2.0, 3.0])[0]]
        [1, 2]
    """
    if isinstance(x, KerasTensor):
        return tuple(KerasTensor.like((None,), "int32") for _ in x.shape)
    return where(not_equal(x, 0))


@composite
def select(condlist: Sequence[TensorLike], choicelist: Sequence[Promoted], default: Promoted = 0) -> Tensor:
    """Elements of the first choice whose condition holds.

    Args:
        condlist: tensors of booleans.
        choicelist: as many tensors; all shapes broadcast.
        default: what stands where no condition holds.

    Returns:
        The broadcast shape, in the dtype that choices and default share.

    Raises:
        ValueError: for different numbers of conditions and choices, or none.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.select([[True, False]], [[1.0, 2.0]], 9.0)]
        [1.0, 9.0]
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(f"ops.select: {len(condlist)} conditions for {len(choicelist)} choices")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return result


@composite
def bincount(x: TensorLike, weights: TensorLike | None = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """How often each of the numbers 0, 1, 2, … occurs.

    Args:
        x: integers that are not negative, of shape (size,); or (rows, size), each row counted on its own.
        weights: tensor of the shape of x: what each occurrence counts; 1 when None.
        minlength: the least size of the result.
        sparse: False for a dense tensor, which is what the backends make.

    Returns:
        A tensor of shape (count,) or (rows, count), count being more than the largest number:
        int32, or the dtype that int32 shares with the weights.

    Raises:
        DTypeError: for other than integers. ValueError: for negative ones. CapabilityError: for a sparse result.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.bincount([1, 2, 2])]
        [0, 1, 2]
    """
    _check_counted(x, sparse)
    dtype = "int32" if weights is None else dtype_of(weights)
    dtype = dtype if is_float(dtype) else result_type(dtype, "int32")
    if isinstance(x, KerasTensor):
        return KerasTensor.like((*x.shape[:-1], None), dtype)
    known = static_shape(x)
    rows, width = shape_of(x)[0] if len(known) == 2 else 1, minlength
    x = reshape(cast(x, "int32"), (rows, known[-1]))
    if product(known):
        if int(convert_to_numpy(smallest_of(x))) < 0:
            raise ValueError("ops.bincount: numbers that are counted are not negative")
        width = max(width, int(convert_to_numpy(largest_of(x))) + 1)
    places = ravel(add(x, multiply(expand_dims(arange(rows), 1), width)))
    amounts = ones_like(places) if weights is None else cast(ravel(weights), dtype)
    counts = _totals(places, amounts, rows * width, dtype)
    return reshape(counts, (*known[:-1], width))


def _check_counted(x: Any, sparse: bool) -> None:
    if sparse:
        raise CapabilityError("ops.bincount: no backend makes sparse counts; leave out sparse=True")
    if not dtype_of(x).startswith(("int", "uint", "bool")):
        raise DTypeError(f"ops.bincount: expected integers, got {dtype_of(x)}")
    if len(static_shape(x)) not in (1, 2):
        raise ShapeError(f"ops.bincount: expected one or two axes, got shape {static_shape(x)}")


def _totals(places: Tensor, amounts: Tensor, count: int, dtype: str) -> Tensor:
    """The sum of the amounts at each place."""
    return scatter_update(zeros((count,), dtype), expand_dims(places, -1), amounts, "add")


def _size(x: Tensor) -> Any:
    return static_shape(x)[0]


@composite
def histogram(x: Floating, bins: int = 10, range: Sequence[float] | None = None) -> tuple[Tensor, Tensor]:
    """How many elements fall into each of several bins of one width.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        bins: how many.
        range: the first and last limit; the smallest and largest element when None. What lies outside is not counted.

    Returns:
        A tuple: counts of shape (bins,), limits of shape (bins + 1,); both in the floating dtype.

    Raises:
        TypeError: for bins that are no integer. ValueError: for less than one, or limits in falling order.

    Example:
        >>> from kmb_core import ops
        >>> counts, limits = ops.histogram([0.0, 1.0, 1.0, 2.0], 2)
        >>> [float(v) for v in counts], [float(v) for v in limits]
        ([1.0, 3.0], [0.0, 1.0, 2.0])
    """
    _check_bins(bins, range)
    dtype = dtype_of(x)
    if isinstance(x, KerasTensor):
        return KerasTensor.like((bins,), dtype), KerasTensor.like((bins + 1,), dtype)
    x = ravel(x)
    low, high = _limits(x, range)
    flat = equal(low, high)
    low, high = where(flat, subtract(low, 0.5), low), where(flat, add(high, 0.5), high)
    limits = linspace(low, high, bins + 1)
    inside = logical_and(greater_equal(x, low), less_equal(x, high))
    places = clip(subtract(searchsorted(limits, x, "right"), 1), 0, bins - 1)
    return cast(_totals(places, cast(inside, "int32"), bins, "int32"), dtype), limits


def _check_bins(bins: Any, limits: Any) -> None:
    if not isinstance(bins, int):
        raise TypeError(f"ops.histogram: bins is an integer, got {bins!r}")
    if bins < 1:
        raise ValueError(f"ops.histogram: needs at least one bin, got {bins}")
    if limits is not None and (len(limits) != 2 or limits[0] > limits[1]):
        raise ValueError(f"ops.histogram: range is a lower and an upper limit, got {limits}")


def _limits(x: Tensor, given: Any) -> tuple[Tensor, Tensor]:
    if given is None and static_shape(x) != (0,):
        return smallest_of(x), largest_of(x)
    low, high = given or (0.0, 1.0)
    return full((), low, dtype_of(x)), full((), high, dtype_of(x))
