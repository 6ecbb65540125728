"""The distinct elements of tensors."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_float
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import minimum, subtract
from kmb_core.ops.comparison import equal, isnan, logical_and, logical_not, not_equal, where
from kmb_core.ops.creation import arange, cast, full, zeros
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item, scatter_update, take
from kmb_core.ops.manipulation import concatenate, expand_dims, moveaxis, reshape
from kmb_core.ops.reduction import any as any_of
from kmb_core.ops.reduction import argsort, cumsum
from kmb_core.ops.searching import searchsorted
from kmb_core.ops.tensors import convert_to_numpy, static_shape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.shapes import normalize_axis, product
from kmb_core.typing import Tensor, TensorLike


@composite
def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The distinct elements in ascending order, or the distinct parts along an axis; NaN counts once.

    Args:
        x: tensor of any shape and dtype.
        sorted: whether they have to be in order; here they always are.
        return_index: whether the place of the first occurrence is returned too.
        return_inverse: whether it is returned which of them each element is.
        return_counts: whether it is returned how often each occurs.
        axis: along which axis parts are compared; None compares the elements.
        size: how many are returned, so that the shape is known: the first ones, filled up with `fill_value`.
        fill_value: the smallest one when None.

    Returns:
        The distinct elements in the dtype of x; or a tuple of them and of what else is asked for, as int32.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.unique([3, 1, 3])]
        [1, 3]
    """
    known = static_shape(x)
    if axis is not None:
        axis = normalize_axis(axis, len(known), "ops.unique")
    wanted = (True, return_index, return_inverse, return_counts)
    if isinstance(x, KerasTensor):
        results = _inferred(x, axis, size)
    else:
        parts = reshape(x, (-1, 1)) if axis is None else _rows(x, axis)
        values, places, inverse, counts = _distinct(parts, size, fill_value)
        shape = () if axis is None else (*known[:axis], *known[axis + 1 :])
        values = reshape(values, (static_shape(values)[0], *shape))
        inverse = reshape(inverse, known) if axis is None else inverse
        results = (values if axis is None else moveaxis(values, 0, axis), places, inverse, counts)
    chosen = tuple(result for result, asked in zip(results, wanted, strict=True) if asked)
    return chosen if len(chosen) > 1 else chosen[0]


def _inferred(x: KerasTensor, axis: int | None, size: int | None) -> tuple[KerasTensor, ...]:
    shape = (size,) if axis is None else (*x.shape[:axis], size, *x.shape[axis + 1 :])
    each = KerasTensor.like((size,), "int32")
    inverse = KerasTensor.like(x.shape if axis is None else (x.shape[axis],), "int32")
    return rules.shaped(x, shape), each, inverse, rules.same(each)


def _rows(x: Tensor, axis: int) -> Tensor:
    """The parts along an axis, each as a row."""
    known = static_shape(x)
    return reshape(moveaxis(x, axis, 0), (known[axis], product(known[:axis] + known[axis + 1 :])))


def _distinct(rows: Tensor, size: int | None, fill_value: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of a matrix: distinct rows, where each occurs first, which of them each row is, how often each occurs."""
    count, width = shape_of(rows)
    if count == 0:
        nothing = zeros((size or 0,), "int32")
        filled = full((size or 0, width), 0 if fill_value is None else fill_value, dtype_of(rows))
        return filled, nothing, zeros((0,), "int32"), nothing
    order = arange(count, dtype="int32")
    for column in reversed(range(width)):  # a stable sort by each column, the most important one last
        order = take(order, argsort(take(get_item(rows, (slice(None), column)), order, 0)), 0)
    ranked = take(rows, order, 0)
    groups = concatenate([zeros((1,), "int32"), cumsum(cast(_changes(ranked), "int32"), 0)], 0)
    if size is None:
        size = int(convert_to_numpy(get_item(groups, -1))) + 1
    numbers = arange(size, dtype="int32")
    starts = searchsorted(groups, numbers)
    counts = subtract(searchsorted(groups, numbers, "right"), starts)
    missing = equal(counts, 0)
    starts = where(missing, full((), 0, "int32"), minimum(starts, count - 1))
    values = take(ranked, starts, 0)
    if fill_value is not None:
        values = where(expand_dims(missing, 1), full((), fill_value, dtype_of(rows)), values)
    inverse = scatter_update(zeros((count,), "int32"), expand_dims(order, 1), groups)
    return values, take(order, starts, 0), inverse, counts


def _changes(ranked: Tensor) -> Tensor:
    """Where a row differs from the one before."""
    after, before = get_item(ranked, slice(1, None)), get_item(ranked, slice(None, -1))
    differs = not_equal(after, before)
    if is_float(dtype_of(ranked)):
        differs = logical_and(differs, logical_not(logical_and(isnan(after), isnan(before))))
    return any_of(differs, 1)
