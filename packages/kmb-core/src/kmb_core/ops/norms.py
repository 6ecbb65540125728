"""Norms of vectors and matrices."""

import math
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError
from kmb_core.ops.arithmetic import absolute, multiply, power
from kmb_core.ops.comparison import not_equal
from kmb_core.ops.creation import cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.decompositions import svd
from kmb_core.ops.functions import root_of_squares
from kmb_core.ops.manipulation import expand_dims, moveaxis, reshape
from kmb_core.ops.reduction import max as largest_of
from kmb_core.ops.reduction import min as smallest_of
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axes, normalize_axis
from kmb_core.typing import Floating, Tensor


@composite(saved_module="keras.src.ops.linalg")
def norm(x: Floating, ord: int | float | str | None = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The norm of vectors or matrices.

    Args:
        x: tensor of numbers; integers are taken as floatx.
        ord: which norm. Vectors: any number (2 when None), `inf`, `-inf`, 0 counts what is not zero. Matrices: "fro"
            (when None), 1, -1, `inf`, `-inf`; of singular values 2 takes the largest, -2 the smallest, "nuc" the sum.
        axis: one axis for vectors, two for matrices; None takes x as one vector (`ord` None), vector or matrix.
        keepdims: whether the axes stay, with size 1.

    Returns:
        The reduced shape, in the floating dtype.

    Raises:
        ShapeError: for other numbers of axes. ValueError: for a norm that there is not.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.norm([3.0, 4.0]))
        5.0
    """
    rank = len(static_shape(x))
    axes = normalize_axes(axis, rank, "ops.norm")
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        size = absolute(x)
        return root_of_squares(sum_of(multiply(size, size), axes, keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2:
        ordered = axes if axis is None else tuple(normalize_axis(a, rank, "ops.norm") for a in axis)
        return _matrix_norm(x, ord, ordered, keepdims)
    raise ShapeError(f"ops.norm: ord {ord!r} is for one or two axes, got {len(axes)} of {static_shape(x)}")


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"ops.norm: the norm of a vector has a number for ord, got {ord!r}")
    size = absolute(x)
    if ord in (math.inf, -math.inf):
        return (largest_of if ord > 0 else smallest_of)(size, axes, keepdims)
    if ord == 0:
        return sum_of(cast(not_equal(x, 0), dtype_of(x)), axes, keepdims)
    if ord == 1:
        return sum_of(size, axes, keepdims)
    return power(sum_of(power(size, float(ord)), axes, keepdims), 1 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    rows, columns = axes
    if ord in (2, -2, "nuc"):
        return _spectral_norm(x, ord, axes, keepdims)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"ops.norm: ord of a matrix is None, 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {ord!r}")
    along = rows if abs(ord) == 1 else columns
    totals = sum_of(absolute(x), along, True)
    result = (largest_of if ord > 0 else smallest_of)(totals, axes, True)
    return result if keepdims else reshape(result, tuple(s for i, s in enumerate(shape_of(result)) if i not in axes))


def _spectral_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    values = svd(moveaxis(x, axes, (-2, -1)), False, False)
    result = sum_of(values, -1) if ord == "nuc" else (largest_of if ord > 0 else smallest_of)(values, -1)
    return expand_dims(result, axes) if keepdims else result
