"""Reductions of segments: what is marked with the same number is joined; and sums at places of a tensor of zeros.

Numbers outside of `[0, num_segments)` mark what is left out, on every backend. Segments without an element hold what
changes nothing: 0, 1, or the least or largest value of the dtype (the infinities of floats).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_complex, is_float, numpy_dtype
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.comparison import greater_equal, less, logical_and, where
from kmb_core.ops.creation import cast, full, zeros
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item, scatter_update
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.tensors import convert_to_numpy, static_shape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.shapes import Shape, product
from kmb_core.typing import Indices, Tensor, TensorLike

MATH = "keras.src.ops.math"


@composite(saved_module=MATH)
def segment_sum(
    data: TensorLike, segment_ids: Indices, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The sum of each segment.

    Args:
        data: tensor of shape `(*marked, *rest)`, of any dtype; booleans are joined by "or".
        segment_ids: integers of shape `(*marked,)`: the segment of each element. Others than `0 … num_segments - 1`
            leave it out.
        num_segments: how many segments there are; one more than the largest number when None, which only a call with
            values can tell.
        sorted: a promise that the numbers ascend, which some backends make use of.

    Returns:
        A tensor of shape `(num_segments, *rest)`, in the dtype of `data`; 0 for segments without an element.

    Raises:
        ShapeError: when `data` does not begin with the shape of `segment_ids`. DTypeError: for numbers that are no
            integers.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.segment_sum([1, 2, 10, 20], [0, 0, 2, 2])]
        [3, 0, 30]
    """
    return _joined(data, segment_ids, num_segments, "add", "segment_sum")


@composite(saved_module=MATH)
def segment_prod(
    data: TensorLike, segment_ids: Indices, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The product of each segment.

    Args:
        data: tensor of shape `(*marked, *rest)`, of any dtype; booleans are joined by "and".
        segment_ids: integers of shape `(*marked,)`: the segment of each element. Others than `0 … num_segments - 1`
            leave it out.
        num_segments: how many segments there are; one more than the largest number when None, which only a call with
            values can tell.
        sorted: a promise that the numbers ascend, which some backends make use of.

    Returns:
        A tensor of shape `(num_segments, *rest)`, in the dtype of `data`; 1 for segments without an element.

    Raises:
        ShapeError: when `data` does not begin with the shape of `segment_ids`. DTypeError: for numbers that are no
            integers.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.segment_prod([1, 2, 10, 20], [0, 0, 2, 2])]
        [2, 1, 200]
    """
    return _joined(data, segment_ids, num_segments, "mul", "segment_prod")


@composite(saved_module=MATH)
def segment_max(
    data: TensorLike, segment_ids: Indices, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The largest element of each segment.

    Args:
        data: tensor of shape `(*marked, *rest)`, of any dtype but complex ones.
        segment_ids: integers of shape `(*marked,)`: the segment of each element. Others than `0 … num_segments - 1`
            leave it out.
        num_segments: how many segments there are; one more than the largest number when None, which only a call with
            values can tell.
        sorted: a promise that the numbers ascend, which some backends make use of.

    Returns:
        A tensor of shape `(num_segments, *rest)`, in the dtype of `data`; for segments without an element -inf, or the
        least value of an integer dtype.

    Raises:
        ShapeError: when `data` does not begin with the shape of `segment_ids`. DTypeError: for numbers that are no
            integers, and for complex data.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.segment_max([1.0, 2.0, 10.0, 20.0], [0, 0, 2, 2])]
        [2.0, -inf, 20.0]
    """
    return _joined(data, segment_ids, num_segments, "max", "segment_max")


@composite(saved_module=MATH)
def segment_min(
    data: TensorLike, segment_ids: Indices, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The smallest element of each segment.

    Args:
        data: tensor of shape `(*marked, *rest)`, of any dtype but complex ones.
        segment_ids: integers of shape `(*marked,)`: the segment of each element. Others than `0 … num_segments - 1`
            leave it out.
        num_segments: how many segments there are; one more than the largest number when None, which only a call with
            values can tell.
        sorted: a promise that the numbers ascend, which some backends make use of.

    Returns:
        A tensor of shape `(num_segments, *rest)`, in the dtype of `data`; for segments without an element inf, or the
        largest value of an integer dtype.

    Raises:
        ShapeError: when `data` does not begin with the shape of `segment_ids`. DTypeError: for numbers that are no
            integers, and for complex data.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.segment_min([1.0, 2.0, 10.0, 20.0], [0, 0, 2, 2])]
        [1.0, inf, 10.0]
    """
    return _joined(data, segment_ids, num_segments, "min", "segment_min")


@composite(saved_module="keras.src.ops.core")
def scatter(indices: Indices, values: TensorLike, shape: Sequence[int]) -> Tensor:
    """A tensor of zeros with values at given places; those for the same place are added up.

    Args:
        indices: tensor of integers of shape (..., depth): places on the first `depth` axes; negative ones count from
            the end. A value for a place out of range is left out, on every backend.
        values: tensor of shape (..., *shape[depth:]), of any dtype.
        shape: the shape of the result.

    Returns:
        A tensor of that shape, in the dtype of `values`.

    Raises:
        ShapeError: when the shapes do not fit.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.scatter([[1], [2], [1]], [1.0, 5.0, 2.0], (4,))]
        [0.0, 3.0, 5.0, 0.0]
    """
    if isinstance(values, KerasTensor):
        rules.need_integers(indices, "scatter")
        return scatter_update(KerasTensor.like(rules.sizes(shape), values.dtype), indices, values, "add")
    return scatter_update(zeros(shape, dtype_of(values)), indices, values, "add")


def _joined(data: Tensor, ids: Tensor, count: int | None, reduction: str, op: str) -> Tensor:
    marked, rest = _split(static_shape(data), static_shape(ids), op)
    if reduction in ("max", "min") and is_complex(dtype_of(data)):
        raise DTypeError(f"ops.{op}: complex numbers have no order, got data of dtype {dtype_of(data)}")
    if count is not None and count < 0:
        raise ShapeError(f"ops.{op}: num_segments is not negative, got {count}")
    if isinstance(data, KerasTensor):
        rules.need_integers(ids, op)
        return rules.shaped(data, (count, *rest))
    dtype = dtype_of(data)
    if dtype == "bool":
        data = cast(data, "int32")
    if count is None:
        count = segment_count(ids, op)
    sizes = shape_of(data)
    elements = _size(marked, sizes)
    places = _places(reshape(ids, (elements, 1)), count)
    start = full((count + 1, *sizes[len(marked) :]), identity(reduction, dtype), dtype_of(data))
    data = data if len(marked) == 1 else reshape(data, (elements, *sizes[len(marked) :]))
    return cast(get_item(scatter_update(start, places, data, reduction), slice(0, count)), dtype)


def _places(ids: Tensor, count: int) -> Tensor:
    """The numbers as int32; one more segment, the last, takes what is left out."""
    if dtype_of(ids) in ("int8", "uint8", "int16", "uint16"):  # may not hold the count
        ids = cast(ids, "int32")
    inside = logical_and(greater_equal(ids, 0), less(ids, count))
    return where(inside, cast(ids, "int32"), full((), count, "int32"))


def _split(data: Shape, marked: Shape, op: str) -> tuple[Shape, Shape]:
    """The axes that are marked, and the others."""
    if not rules.fits(data[: len(marked)], marked):
        what = f"ops.{op}: expected data that begins with the shape of segment_ids, got {data} and {marked}"
        raise ShapeError(message(what, None, "Give one number for each element, or for each row."))
    return marked, data[len(marked) :]


def _size(marked: Shape, sizes: tuple[Any, ...]) -> Any:
    known = product(marked)
    return math.prod(sizes[: len(marked)]) if known is None else known


def segment_count(ids: Tensor, op: str) -> int:
    """One more than the largest number, from the values.

    Raises:
        ValueError: while a function is traced, when there are none.
    """
    try:
        values = convert_to_numpy(ids)
    except Exception as error:  # each framework has an error of its own for "no value while tracing"
        what = f"ops.{op}: how many segments there are is not known while a function is traced"
        raise ValueError(message(what, "num_segments=None is worked out from values.", "Give num_segments.")) from error
    return max(int(values.max(initial=-1)) + 1, 0)


def identity(reduction: str, dtype: str) -> Any:
    """What changes nothing when it is joined: 0, 1, or a bound of the dtype."""
    if reduction in ("add", "mul"):
        return 0 if reduction == "add" else 1
    if dtype == "bool":
        return int(reduction == "min")
    if is_float(dtype):
        return math.inf if reduction == "min" else -math.inf
    bounds = np.iinfo(numpy_dtype(dtype))
    return int(bounds.max if reduction == "min" else bounds.min)
