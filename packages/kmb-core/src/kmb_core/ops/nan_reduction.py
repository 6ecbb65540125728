"""Reductions and running totals that pass over NaN."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_float
from kmb_core.ops.arithmetic import absolute, square, subtract, true_divide
from kmb_core.ops.comparison import isnan, logical_not, where
from kmb_core.ops.creation import cast, full
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import root_of_squares
from kmb_core.ops.reduction import Axis, argmax, argmin, cumprod, cumsum
from kmb_core.ops.reduction import all as all_of
from kmb_core.ops.reduction import max as largest_of
from kmb_core.ops.reduction import min as smallest_of
from kmb_core.ops.reduction import prod as product_of
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.typing import Floating, Tensor, TensorLike


def _replaced(x: Any, value: float) -> Tensor:
    """x with a number in place of NaN."""
    dtype = dtype_of(x)
    return where(isnan(x), full((), value, dtype), x) if is_float(dtype) else x


def _known(x: Any, result: Tensor, otherwise: float, axis: Any, keepdims: bool) -> Tensor:
    """The result where there was a number; else something else."""
    if not is_float(dtype_of(x)):
        return result
    return where(all_of(isnan(x), axis, keepdims), full((), otherwise, dtype_of(result)), result)


@composite
def nansum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum along axes of what is not NaN; 0 of nothing.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape. int8, int16 and bool give int32; uint8 and uint16 give uint32; others keep their dtype.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nansum([1.0, float("nan"), 2.0]))
        3.0
    """
    return sum_of(_replaced(x, 0), axis, keepdims)


@composite
def nanprod(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product along axes of what is not NaN; 1 of nothing.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape; dtypes as for `nansum`.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanprod([3.0, float("nan"), 2.0]))
        6.0
    """
    return product_of(_replaced(x, 1), axis, keepdims)


@composite
def nanmax(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element along axes that is not NaN; NaN where there is none.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the dtype of x.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanmax([3.0, float("nan"), 2.0]))
        3.0
    """
    return _known(x, largest_of(_replaced(x, float("-inf")), axis, keepdims), float("nan"), axis, keepdims)


@composite
def nanmin(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element along axes that is not NaN; NaN where there is none.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the dtype of x.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanmin([3.0, float("nan"), 2.0]))
        2.0
    """
    return _known(x, smallest_of(_replaced(x, float("inf")), axis, keepdims), float("nan"), axis, keepdims)


@composite
def nanargmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the largest element that is not NaN; -1 where there is none.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None gives the place in the flattened tensor.
        keepdims: whether the axis stays, with size 1.

    Returns:
        int32 of the reduced shape.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.nanargmax([3.0, float("nan"), 4.0]))
        2
    """
    return _known(x, argmax(_replaced(x, float("-inf")), axis, keepdims), -1, axis, keepdims)


@composite
def nanargmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the smallest element that is not NaN; -1 where there is none.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None gives the place in the flattened tensor.
        keepdims: whether the axis stays, with size 1.

    Returns:
        int32 of the reduced shape.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.nanargmin([3.0, float("nan"), 2.0]))
        2
    """
    return _known(x, argmin(_replaced(x, float("inf")), axis, keepdims), -1, axis, keepdims)


@composite
def nanmean(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The average along axes of what is not NaN; NaN where there is nothing.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the floating dtype.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanmean([1.0, float("nan"), 2.0]))
        1.5
    """
    count = sum_of(cast(logical_not(isnan(x)), "int32"), axis, keepdims)
    return true_divide(sum_of(_replaced(x, 0), axis, keepdims), cast(count, dtype_of(x)))


@composite
def nanvar(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance along axes of what is not NaN; NaN where there is nothing.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the floating dtype.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanvar([1.0, float("nan"), 3.0]))
        1.0
    """
    return nanmean(square(absolute(subtract(x, nanmean(x, axis, True)))), axis, keepdims)


@composite
def nanstd(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation along axes of what is not NaN; NaN where there is nothing.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the floating dtype.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.nanstd([1.0, float("nan"), 3.0]))
        1.0
    """
    return root_of_squares(nanvar(x, axis, keepdims))


@composite
def nancumsum(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sum along an axis; NaN counts as 0.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None runs over the flattened tensor.
        dtype: name of the dtype that is computed in. None: that of x; int32 for booleans.

    Returns:
        The same shape; one axis when `axis` is None.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.nancumsum([2.0, float("nan"), 3.0])]
        [2.0, 2.0, 5.0]
    """
    return cumsum(_replaced(x, 0), axis, dtype)


@composite
def nancumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running product along an axis; NaN counts as 1.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None runs over the flattened tensor.
        dtype: name of the dtype that is computed in. None: that of x; int32 for booleans.

    Returns:
        The same shape; one axis when `axis` is None.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.nancumprod([2.0, float("nan"), 3.0])]
        [2.0, 2.0, 6.0]
    """
    return cumprod(_replaced(x, 1), axis, dtype)
