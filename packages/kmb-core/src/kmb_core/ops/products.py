"""Products of vectors, matrices and tensors."""

import math
from collections.abc import Sequence
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.creation import arange, cast, full
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.einsum_shape import einsum_shape
from kmb_core.ops.manipulation import expand_dims, moveaxis, ravel, reshape, transpose
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, broadcast_shapes, normalize_axes, normalize_axis
from kmb_core.typing import Promoted, Tensor, TensorLike


@primitive
def matmul(x1: Promoted, x2: Promoted) -> Tensor:
    """The matrix product.

    Args:
        x1: tensor of shape (..., rows, shared), or (shared,).
        x2: tensor of shape (..., shared, columns), or (shared,). Leading axes broadcast.

    Returns:
        A tensor of shape (..., rows, columns) in the promoted dtype, without the axis that a vector does not have.
        Products of int8 are int32, which their sums need.

    Raises:
        ShapeError: for scalars, or when the shared sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.matmul([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    a, b = x1.shape, x2.shape
    if not a or not b:
        raise ShapeError(f"ops.matmul: expected tensors with axes, got shapes {a} and {b}")
    _match(a[-1], b[-2] if len(b) > 1 else b[0], a, b, "matmul")
    leading = broadcast_shapes(a[:-2], b[:-2], "ops.matmul")
    shape = (*leading, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))
    return KerasTensor.like(shape, "int32" if x1.dtype == "int8" else x1.dtype)


def _match(size: int | None, other: int | None, a: Shape, b: Shape, op: str) -> None:
    if None not in (size, other) and size != other:
        what = f"ops.{op}: shapes {tuple(a)} and {tuple(b)} share no size ({size} against {other})"
        raise ShapeError(message(what, None, "The last axis of the first meets the last but one of the second."))


@composite
def dot(x1: Promoted, x2: Promoted) -> Tensor:
    """The sum of products over the last axis of x1 and the last but one of x2.

    Args:
        x1: tensor of shape (..., shared).
        x2: tensor of shape (..., shared, columns), or (shared,). A scalar multiplies.

    Returns:
        The other axes of x1, then those of x2; in the promoted dtype.

    Raises:
        ShapeError: when the shared sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.dot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    a, b = static_shape(x1), static_shape(x2)
    if not a or not b:
        return multiply(x1, x2)
    place = len(b) - 2 if len(b) > 1 else 0
    _match(a[-1], b[place], a, b, "dot")
    return tensordot(x1, x2, axes=((len(a) - 1,), (place,)))


@composite
def inner(x1: Promoted, x2: Promoted) -> Tensor:
    """The sum of products over the last axes of both.

    Args:
        x1, x2: tensors with the same size on the last axis. A scalar multiplies.

    Returns:
        The other axes of x1, then those of x2; in the promoted dtype.

    Raises:
        ShapeError: when the sizes of the last axes differ.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.inner([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    a, b = static_shape(x1), static_shape(x2)
    if not a or not b:
        return multiply(x1, x2)
    return tensordot(x1, x2, axes=((len(a) - 1,), (len(b) - 1,)))


@composite
def outer(x1: Promoted, x2: Promoted) -> Tensor:
    """The product of each element of one tensor with each of another.

    Args:
        x1, x2: tensors; they are flattened.

    Returns:
        A tensor of shape (elements of x1, elements of x2), in the promoted dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.outer([1.0, 2.0], [3.0, 4.0])[1, 0])
        6.0
    """
    if isinstance(x2, (int, float)):  # it goes with the dtype of x1, which an array made of it would not
        return multiply(reshape(x1, (-1, 1)), x2)
    return multiply(expand_dims(ravel(x1), 1), expand_dims(ravel(x2), 0))


@composite
def vdot(x1: Promoted, x2: Promoted) -> Tensor:
    """The sum of the products of the elements of two tensors, flattened.

    Args:
        x1, x2: tensors of real numbers with as many elements.

    Returns:
        A scalar in the promoted dtype.

    Raises:
        ShapeError: when the numbers of elements differ.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.vdot([[1.0, 2.0]], [[3.0], [4.0]]))
        11.0
    """
    return cast(matmul(ravel(x1), ravel(x2)), dtype_of(x1))


@composite
def tensordot(x1: Promoted, x2: Promoted, axes: int | Sequence[Any] = 2) -> Tensor:
    """The sum of products over axes of two tensors.

    Args:
        x1, x2: tensors.
        axes: how many of the last axes of x1 meet the first of x2; or two sequences that name the axes of each.

    Returns:
        The other axes of x1, then those of x2; in the promoted dtype.

    Raises:
        ShapeError: when the sizes of axes that meet differ.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.tensordot([1.0, 2.0], [3.0, 4.0], axes=1))
        11.0
    """
    a, b = static_shape(x1), static_shape(x2)
    first, second = _meeting(axes, len(a), len(b))
    for i, j in zip(first, second, strict=True):
        _match(a[i], b[j], a, b, "tensordot")
    kept_first = [i for i in range(len(a)) if i not in first]
    kept_second = [j for j in range(len(b)) if j not in second]
    sizes_first, sizes_second = shape_of(x1), shape_of(x2)
    result = (*(sizes_first[i] for i in kept_first), *(sizes_second[j] for j in kept_second))
    if isinstance(x1, KerasTensor) or isinstance(x2, KerasTensor):
        return KerasTensor.like(result, dtype_of(x1))
    shared = math.prod(sizes_first[i] for i in first)
    rows, columns = math.prod(sizes_first[i] for i in kept_first), math.prod(sizes_second[j] for j in kept_second)
    matrix_first = reshape(transpose(x1, (*kept_first, *first)), (rows, shared))
    matrix_second = reshape(transpose(x2, (*second, *kept_second)), (shared, columns))
    return reshape(cast(matmul(matrix_first, matrix_second), dtype_of(x1)), result)


def _meeting(axes: Any, rank_first: int, rank_second: int) -> tuple[list[int], list[int]]:
    if isinstance(axes, int):
        if not 0 <= axes <= min(rank_first, rank_second):
            raise ShapeError(f"ops.tensordot: axes {axes} is more than {rank_first} or {rank_second} axes")
        return list(range(rank_first - axes, rank_first)), list(range(axes))
    first, second = ((part,) if isinstance(part, int) else tuple(part) for part in axes)
    if len(first) != len(second):
        raise ShapeError(f"ops.tensordot: axes {axes} name {len(first)} axes of x1 and {len(second)} of x2")
    op = "ops.tensordot"
    return [normalize_axis(i, rank_first, op) for i in first], [normalize_axis(j, rank_second, op) for j in second]


@primitive
def einsum(subscripts: str, *operands: Promoted, **kwargs: Any) -> Tensor:
    """Sums of products, as Einstein's notation says: "ij,jk->ik" is the matrix product.

    Args:
        subscripts: a letter for each axis; letters that the part after "->" lacks are summed over. "..." stands for
            axes that broadcast.
        operands: tensors.
        kwargs: hints on the order of computation, taken for NumPy's sake; they do not change the result.

    Returns:
        A tensor with the axes after "->", in the promoted dtype; int32 for int8, as for `matmul`.

    Raises:
        ShapeError: when one letter stands for different sizes, or the subscripts do not fit the tensors.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.einsum("i,i->", [1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    dtype = operands[0].dtype
    return KerasTensor.like(
        einsum_shape(subscripts, [x.shape for x in operands]), "int32" if dtype == "int8" else dtype
    )


@composite
def trace(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum along a diagonal of matrices.

    Args:
        x: tensor with at least two axes.
        offset: which diagonal; positive ones lie above the main one.
        axis1, axis2: the rows and columns.

    Returns:
        The shape without these axes; dtypes as for `sum`.

    Raises:
        ShapeError: for fewer than two axes, or one named twice.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.trace([[1.0, 2.0], [3.0, 4.0]]))
        5.0
    """
    axes = normalize_axes((axis1, axis2), len(static_shape(x)), "ops.trace")
    x = moveaxis(x, (axis1, axis2), (-2, -1)) if len(axes) == 2 else x
    rows, columns = shape_of(x)[-2:]
    row_numbers = expand_dims(arange(rows, dtype="int32"), 1)
    column_numbers = expand_dims(arange(columns, dtype="int32"), 0)
    return sum_of(where(equal(add(row_numbers, offset), column_numbers), x, full((), 0, dtype_of(x))), (-2, -1))
