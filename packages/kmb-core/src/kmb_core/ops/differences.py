"""Differences, areas, spans and correlations of sequences; closeness of whole tensors."""

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.comparison import isclose, not_equal
from kmb_core.ops.creation import arange
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.manipulation import expand_dims, pad, reshape
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import Axis
from kmb_core.ops.reduction import all as all_of
from kmb_core.ops.reduction import max as largest_of
from kmb_core.ops.reduction import min as smallest_of
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, normalize_axis
from kmb_core.typing import Floating, Tensor, TensorLike

MODES = ("valid", "same", "full")


@composite(saved="AllClose")
def allclose(x1: Floating, x2: Floating, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether all elements of two tensors are close; see `isclose`.

    Args:
        x1, x2: tensors of numbers; their shapes broadcast.
        rtol, atol: relative and absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    Returns:
        A boolean scalar.

    Raises:
        ShapeError: when the shapes do not broadcast.

    Example:
        >>> from kmb_core import ops
        >>> bool(ops.allclose([1.0, 2.0], [1.0, 2.1]))
        False
    """
    return all_of(isclose(x1, x2, rtol, atol, equal_nan))


@composite
def ptp(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The span along axes: the largest element less the smallest.

    Args:
        x: tensor of any shape and dtype.
        axis: one, several, or all axes (None).
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the dtype of x.

    Raises:
        ShapeError: for an axis that is out of range or named twice. DTypeError: for booleans.
        ValueError: for no elements.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.ptp([1.0, 5.0, 2.0]))
        4.0
    """
    return subtract(largest_of(x, axis, keepdims), smallest_of(x, axis, keepdims))


@composite
def diff(a: TensorLike, n: int = 1, axis: int = -1) -> Tensor:
    """The differences of neighbours along an axis; of booleans, whether they differ.

    Args:
        a: tensor with at least one axis.
        n: how often differences are taken.
        axis: which axis.

    Returns:
        A tensor with `n` elements less along the axis (none where there are no more), in the dtype of a.

    Raises:
        ShapeError: for an axis out of range. ValueError: for a negative n.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.diff([1.0, 3.0, 7.0])]
        [2.0, 4.0]
    """
    if n < 0:
        raise ValueError(f"ops.diff: n is not negative, got {n}")
    axis = normalize_axis(axis, len(static_shape(a)), "ops.diff")
    change = not_equal if dtype_of(a) == "bool" else subtract
    for _ in range(n):
        a = change(*_neighbours(a, axis))
    return a


def _neighbours(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """All elements along an axis but the first, and all but the last."""
    before = (slice(None),) * axis
    return get_item(x, (*before, slice(1, None))), get_item(x, (*before, slice(None, -1)))


@composite
def trapezoid(y: Floating, x: Floating | None = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """The area below a curve, by the trapezoidal rule.

    Args:
        y: tensor of heights; integers and booleans are taken as floatx.
        x: where they stand: a tensor of the shape of y, or with one axis.
        dx: their distance, where x is None.
        axis: along which axis.

    Returns:
        The shape without that axis, in the floating dtype.

    Raises:
        ShapeError: for an axis out of range, or places that do not fit.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.trapezoid([1.0, 2.0, 3.0]))
        4.0
    """
    axis = normalize_axis(axis, len(static_shape(y)), "ops.trapezoid")
    heights = add(*_neighbours(y, axis))
    if x is None:
        return multiply(sum_of(heights, axis), dx / 2)
    if len(static_shape(x)) == 1:
        widths = diff(x)
        widths = reshape(widths, (-1,) + (1,) * (len(static_shape(y)) - axis - 1))
    else:
        widths = diff(x, axis=axis)
    return multiply(sum_of(multiply(widths, heights), axis), 0.5)


@composite
def correlate(x1: Floating, x2: Floating, mode: str = "valid") -> Tensor:
    """The sums of products of one sequence with another that is moved along it.

    Args:
        x1, x2: tensors of shape (size,); integers and booleans are taken as floatx.
        mode: "full": wherever they overlap; "same": as many places as the longer one has,
            the middle ones; "valid": where one covers the other.

    Returns:
        A tensor with one axis, in the promoted floating dtype.

    Raises:
        ShapeError: for other than one axis, or no elements. ValueError: for another mode.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.correlate([1.0, 2.0, 3.0], [1.0, 1.0])]
        [3.0, 5.0]
    """
    if mode not in MODES:
        raise ValueError(f"ops.correlate: mode is one of {MODES}, got {mode!r}")
    first, second = static_shape(x1), static_shape(x2)
    if len(first) != 1 or len(second) != 1 or 0 in (*first, *second):
        raise ShapeError(f"ops.correlate: expected two sequences with elements, got shapes {first} and {second}")
    if isinstance(x1, KerasTensor):
        return rules.shaped(x1, _overlaps(first, second, mode))
    n, m = shape_of(x1)[0], shape_of(x2)[0]
    count = _overlaps((n,), (m,), mode)[0] or 0
    start = {"full": 0, "same": (m - 1) // 2 if n >= m else n // 2, "valid": min(n, m) - 1}[mode]
    places = add(expand_dims(arange(start, start + count), 1), expand_dims(arange(m), 0))
    return matmul(take(pad(x1, (m - 1, m - 1)), places, 0), x2)


def _overlaps(first: Shape, second: Shape, mode: str) -> tuple[int | None]:
    n, m = first[0], second[0]
    if n is None or m is None:
        return (None,)
    return ({"full": n + m - 1, "same": max(n, m), "valid": max(n, m) - min(n, m) + 1}[mode],)
