"""Reductions, running totals and order along axes.

Sums and products of narrow integers are int32 or uint32, so that they hold what they count; positions and counts are
int32. Averages are floating: integers and booleans are taken as floatx.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, add, multiply, square, subtract, true_divide
from kmb_core.ops.comparison import greater, isfinite, logical_and, not_equal, where
from kmb_core.ops.creation import cast, full, stop_gradient
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.functions import exp, log, root_of_squares
from kmb_core.ops.indexing import take_along_axis
from kmb_core.ops.manipulation import broadcast_to, expand_dims, ravel, reshape, squeeze
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axes, normalize_axis, product
from kmb_core.typing import Floating, Tensor, TensorLike

Axis: TypeAlias = "int | Sequence[int] | None"
WIDER = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


@primitive
def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum along axes; 0 of nothing.

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
        >>> float(ops.sum([[1.0, 2.0], [3.0, 4.0]]))
        10.0
    """
    return rules.reduced(x, axis, keepdims, "sum", WIDER.get(x.dtype))


@primitive
def prod(x: TensorLike, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """The product along axes; 1 of nothing.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.
        dtype: name of the dtype that is computed in; when None as for `sum`.

    Returns:
        The reduced shape.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.prod([2.0, 3.0]))
        6.0
    """
    return rules.typed(rules.reduced(x, axis, keepdims, "prod", WIDER.get(x.dtype)), dtype)


@primitive
def max(x: TensorLike, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The largest element along axes; NaN where one is NaN.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.
        initial: a number that is compared too; the result for no elements.

    Returns:
        The reduced shape, in the dtype of x.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for no elements without `initial`.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.max([1.0, 3.0, 2.0]))
        3.0
    """
    _need_elements(x, axis, initial, "max")
    return rules.reduced(x, axis, keepdims, "max")


@primitive
def min(x: TensorLike, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The smallest element along axes; NaN where one is NaN.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.
        initial: a number that is compared too; the result for no elements.

    Returns:
        The reduced shape, in the dtype of x.

    Raises:
        ShapeError: for an axis that is out of range or named twice. ValueError: for no elements without `initial`.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.min([1.0, 3.0, 2.0]))
        1.0
    """
    _need_elements(x, axis, initial, "min")
    return rules.reduced(x, axis, keepdims, "min")


def _need_elements(x: KerasTensor, axis: Any, initial: Any, op: str) -> None:
    axes = normalize_axes(axis, len(x.shape), f"ops.{op}")
    if initial is None and product(x.shape[a] for a in axes) == 0:
        raise ShapeError(f"ops.{op}: shape {x.shape} has no elements along axis {axis}; give `initial`")


@composite
def amax(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element along axes; the same as `max`.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the dtype of x.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.amax([1.0, 3.0, 2.0]))
        3.0
    """
    return max(x, axis, keepdims)


@composite
def amin(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element along axes; the same as `min`.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the dtype of x.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.amin([1.0, 3.0, 2.0]))
        1.0
    """
    return min(x, axis, keepdims)


@primitive
def any(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether any element along axes is true; numbers are true when they are not zero.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        Booleans of the reduced shape; False for no elements.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> bool(ops.any([False, True]))
        True
    """
    return rules.reduced(x, axis, keepdims, "any", "bool")


@primitive
def all(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements along axes are true; numbers are true when they are not zero.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        Booleans of the reduced shape; True for no elements.

    Raises:
        ShapeError: for an axis that is out of range or named twice.

    Example:
        >>> from kmb_core import ops
        >>> bool(ops.all([False, True]))
        False
    """
    return rules.reduced(x, axis, keepdims, "all", "bool")


@primitive
def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the largest element along an axis; the first of several.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None gives the place in the flattened tensor.
        keepdims: whether the axis stays, with size 1.

    Returns:
        int32 of the reduced shape.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.argmax([1.0, 3.0, 2.0]))
        1
    """
    _need_elements(x, axis, None, "argmax")
    return rules.reduced(x, axis, keepdims, "argmax", "int32")


@primitive
def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the smallest element along an axis; the first of several.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None gives the place in the flattened tensor.
        keepdims: whether the axis stays, with size 1.

    Returns:
        int32 of the reduced shape.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.argmin([1.0, 3.0, 2.0]))
        0
    """
    _need_elements(x, axis, None, "argmin")
    return rules.reduced(x, axis, keepdims, "argmin", "int32")


@composite
def count_nonzero(x: TensorLike, axis: Axis = None) -> Tensor:
    """How many elements along axes are not zero.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).

    Returns:
        int32 of the reduced shape.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.count_nonzero([0.0, 2.0, 3.0]))
        2
    """
    return sum(cast(not_equal(x, 0), "int32"), axis)


@composite
def mean(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The average along axes; NaN of nothing.

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
        >>> float(ops.mean([1, 2]))
        1.5
    """
    total = sum(x, axis, keepdims)
    return total if isinstance(x, KerasTensor) else true_divide(total, _count(x, axis))


def _count(x: Any, axis: Any) -> Any:
    """How many elements come together in one of the result, in the dtype of x."""
    sizes = shape_of(x)
    count: Any = 1
    for i in normalize_axes(axis, len(sizes), "ops.mean"):
        count = count * sizes[i]
    return cast(count, dtype_of(x))


@composite
def var(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance along axes: the average squared distance from the mean.

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
        >>> float(ops.var([1.0, 3.0]))
        1.0
    """
    return mean(square(absolute(subtract(x, mean(x, axis, True)))), axis, keepdims)


@composite
def std(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation along axes: the square root of the variance.

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
        >>> float(ops.std([1.0, 3.0]))
        1.0
    """
    return root_of_squares(var(x, axis, keepdims))


@composite
def average(x: Floating, axis: Axis = None, weights: Floating | None = None) -> Tensor:
    """The weighted average along axes.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.
        axis: one, several, or all axes (None).
        weights: tensor of the shape of x, or with one axis as long as `axis`; None weighs all alike.

    Returns:
        The reduced shape, in the floating dtype that x and the weights share.

    Raises:
        ShapeError: when the weights do not fit.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.average([1.0, 3.0], weights=[1.0, 3.0]))
        2.5
    """
    if weights is None:
        return mean(x, axis)
    known, given = static_shape(x), static_shape(weights)
    if len(given) == 1 and len(known) > 1 and isinstance(axis, int):
        place = normalize_axis(axis, len(known), "ops.average")
        if not rules.fits(given, (known[place],)):
            raise ShapeError(f"ops.average: expected {known[place]} weights for axis {axis}, got {given[0]}")
        weights = reshape(weights, tuple(-1 if i == place else 1 for i in range(len(known))))
    elif not rules.fits(given, known):
        raise ShapeError(f"ops.average: weights of shape {given} do not fit x of shape {known}")
    weights = broadcast_to(weights, shape_of(x))
    return true_divide(sum(multiply(x, weights), axis), sum(weights, axis))


@composite(saved_module="keras.src.ops.math")
def logsumexp(x: Floating, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`log(sum(exp(x)))` along axes, without overflow.

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
        >>> round(float(ops.logsumexp([0.0, 0.0])), 4)
        0.6931
    """
    largest = stop_gradient(max(x, axis, True, initial=float("-inf")))
    largest = where(isfinite(largest), largest, full((), 0, dtype_of(x)))
    result = add(log(sum(exp(subtract(x, largest)), axis, True)), largest)
    if keepdims:
        return result
    axes = normalize_axes(axis, len(static_shape(x)), "ops.logsumexp")
    return squeeze(result, axes) if axes else result


@primitive
def cumsum(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sum along an axis.

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
        >>> [float(v) for v in ops.cumsum([1.0, 2.0, 3.0])]
        [1.0, 3.0, 6.0]
    """
    return _running(x, axis, dtype, "cumsum")


@primitive
def cumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running product along an axis.

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
        >>> [float(v) for v in ops.cumprod([1.0, 2.0, 3.0])]
        [1.0, 2.0, 6.0]
    """
    return _running(x, axis, dtype, "cumprod")


def _running(x: KerasTensor, axis: int | None, dtype: Any, op: str) -> KerasTensor:
    if axis is not None:
        normalize_axis(axis, len(x.shape), f"ops.{op}")
    result = x if axis is not None else rules.shaped(x, (product(x.shape),))
    return rules.typed(result, dtype or ("int32" if x.dtype == "bool" else None))


@primitive
def argsort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """The places that elements come from when they are sorted; equal ones keep their order, NaN comes last.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None sorts the flattened tensor.

    Returns:
        int32 of the same shape; one axis when `axis` is None.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.argsort([3.0, 1.0, 2.0])]
        [1, 2, 0]
    """
    return _running(x, axis, "int32", "argsort")


@composite
def sort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """The elements in ascending order along an axis; NaN comes last.

    Args:
        x: tensor of any shape and dtype.
        axis: which axis; None sorts the flattened tensor.

    Returns:
        The same shape and dtype; one axis when `axis` is None.

    Raises:
        ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.sort([3.0, 1.0, 2.0])]
        [1.0, 2.0, 3.0]
    """
    if axis is None:
        x, axis = ravel(x), 0
    return take_along_axis(x, argsort(x, axis), axis)


@primitive(saved_module="keras.src.ops.math")
def top_k(x: TensorLike, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The largest elements along the last axis, and their places.

    Args:
        x: tensor of shape (..., size).
        k: how many; at most `size`.
        sorted: whether they come in descending order; else in any.

    Returns:
        A tuple: values of shape (..., k) in the dtype of x; places, int32.

    Raises:
        ShapeError: when there are fewer than k elements.

    Example:
        >>> from kmb_core import ops
        >>> values, places = ops.top_k([1.0, 3.0, 2.0], 2)
        >>> [float(v) for v in values], [int(p) for p in places]
        ([3.0, 2.0], [1, 2])
    """
    if not x.shape:
        raise ShapeError("ops.top_k: expected at least one axis, got a scalar")
    if k < 0 or (x.shape[-1] is not None and k > x.shape[-1]):
        raise ShapeError(f"ops.top_k: k is 0 to {x.shape[-1]} for shape {x.shape}, got {k}")
    values = rules.shaped(x, (*x.shape[:-1], k))
    return values, rules.typed(values, "int32")


@composite(saved_module="keras.src.ops.math")
def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> Tensor:
    """Whether the prediction for each target class is among the k largest; ties count as being among them.

    Args:
        targets: integers of shape (batch,): the classes.
        predictions: floats of shape (batch, classes).
        k: how many.

    Returns:
        Booleans of shape (batch,). False where the prediction for the target is not finite, or there is no such class.

    Raises:
        ShapeError: for other shapes. DTypeError: for targets that are no integers.

    Example:
        >>> from kmb_core import ops
        >>> [bool(v) for v in ops.in_top_k([1, 0], [[0.1, 0.9], [0.2, 0.8]], 1)]
        [True, False]
    """
    given, scores = static_shape(targets), static_shape(predictions)
    if len(scores) < 1 or not rules.fits(given, scores[:-1]):
        raise ShapeError(f"ops.in_top_k: targets of shape {given} do not fit predictions of shape {scores}")
    if not dtype_of(targets).startswith(("int", "uint")):
        raise DTypeError(f"ops.in_top_k: expected targets of an integer dtype, got {dtype_of(targets)}")
    classes = shape_of(predictions)[-1] or 1
    exists = logical_and(greater(targets, -1), greater(classes, targets))
    safe = where(exists, targets, full((), 0, dtype_of(targets)))
    score = take_along_axis(predictions, expand_dims(safe, -1), axis=-1)
    larger = sum(cast(greater(predictions, score), "int32"), -1)
    return logical_and(logical_and(exists, isfinite(squeeze(score, -1))), greater(k, larger))
