"""Matrices: their diagonals, turns, determinants; products and tables of vectors that are matrices."""

import operator
from collections.abc import Sequence
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, clip, multiply, subtract, true_divide
from kmb_core.ops.comparison import where
from kmb_core.ops.complex_numbers import PART
from kmb_core.ops.creation import arange, cast, eye, full, ones_like, zeros_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.functions import exp, sqrt
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.manipulation import expand_dims, flip, moveaxis, pad, ravel, reshape, stack, swapaxes, transpose
from kmb_core.ops.operands import beside
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import mean
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import broadcast_shapes, normalize_axis
from kmb_core.typing import Floating, Number, Promoted, Tensor, TensorLike


@composite
def diag(x: TensorLike, k: int = 0) -> Tensor:
    """A vector as a matrix' diagonal, or a matrix' diagonal as a vector.

    Args:
        x: tensor of shape (size,) or (rows, columns).
        k: which diagonal; positive ones lie above the main one.

    Returns:
        A matrix that is just large enough, with zeros elsewhere; or a vector. The dtype of x.

    Raises:
        ShapeError: for another number of axes.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.diag([[1.0, 2.0], [3.0, 4.0]])]
        [1.0, 4.0]
    """
    known = static_shape(x)
    if len(known) == 2:
        return diagonal(x, k)
    if len(known) != 1:
        raise ShapeError(f"ops.diag: expected one or two axes, got shape {known}")
    if isinstance(x, KerasTensor):
        size = None if known[0] is None else known[0] + abs(k)
        return rules.shaped(x, (size, size))
    size = shape_of(x)[0] + abs(k)
    columns = pad(x, (max(k, 0), max(-k, 0)))
    return where(eye(size, size, k, "bool"), expand_dims(columns, 0), full((), 0, dtype_of(x)))


@composite
def diagflat(x: TensorLike, k: int = 0) -> Tensor:
    """All elements as a matrix' diagonal.

    Args:
        x: tensor of any dtype.
        k: which diagonal; positive ones lie above the main one.

    Returns:
        A square matrix that is just large enough, with zeros elsewhere; the dtype of x.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.diagflat(ops.ones((2, 2))))
        (4, 4)
    """
    return diag(ravel(x), k)


@composite
def diagonal(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonals of matrices that lie in two axes.

    Args:
        x: tensor with at least two axes.
        offset: which diagonal; positive ones lie above the main one.
        axis1, axis2: the axes of rows and of columns.

    Returns:
        The other axes, then the diagonal; the dtype of x.

    Raises:
        ShapeError: for fewer than two axes, or twice the same.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.diagonal([[1.0, 2.0], [3.0, 4.0]])]
        [1.0, 4.0]
    """
    known = static_shape(x)
    if len(known) < 2:
        raise ShapeError(f"ops.diagonal: expected at least two axes, got shape {known}")
    first, second = (normalize_axis(axis, len(known), "ops.diagonal") for axis in (axis1, axis2))
    if first == second:
        raise ShapeError(f"ops.diagonal: axis1 and axis2 are both axis {first}")
    x = moveaxis(x, (first, second), (-2, -1))
    if isinstance(x, KerasTensor):
        return rules.shaped(x, (*x.shape[:-2], _diagonal_size(x.shape[-2], x.shape[-1], offset)))
    *leading, rows, columns = shape_of(x)
    start = offset if offset >= 0 else -offset * columns
    count = _diagonal_size(rows, columns, offset)
    indices = add(multiply(arange(count, dtype="int32"), columns + 1), start)
    return take(reshape(x, (*leading, rows * columns)), indices, -1)


def _diagonal_size(rows: int | None, columns: int | None, offset: int) -> int | None:
    if rows is None or columns is None:
        return None
    return max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))


@composite
def fliplr(x: TensorLike) -> Tensor:
    """The second axis reversed: columns from right to left.

    Args:
        x: tensor with at least two axes.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.fliplr([[1.0, 2.0]])[0]]
        [2.0, 1.0]
    """
    return flip(x, 1)


@composite
def flipud(x: TensorLike) -> Tensor:
    """The first axis reversed: rows from bottom to top.

    Args:
        x: tensor with at least one axis.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for a scalar.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.flipud([1.0, 2.0])]
        [2.0, 1.0]
    """
    return flip(x, 0)


@composite
def rot90(array: TensorLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Quarter turns in the plane of two axes, from the first towards the second.

    Args:
        array: tensor with at least two axes.
        k: how many turns; negative ones go back.
        axes: the plane.

    Returns:
        The turned tensor, in the same dtype.

    Raises:
        ShapeError: for fewer than two axes, or twice the same.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.rot90([[1.0, 2.0], [3.0, 4.0]])[0]]
        [2.0, 4.0]
    """
    rank = len(static_shape(array))
    if len(axes) != 2 or rank < 2:
        raise ShapeError(f"ops.rot90: expected two axes of at least two, got axes {tuple(axes)} of {rank}")
    first, second = (normalize_axis(axis, rank, "ops.rot90") for axis in axes)
    if first == second:
        raise ShapeError(f"ops.rot90: both axes are axis {first}")
    turns = operator.index(k) % 4
    if turns % 2 == 0:
        return flip(array, (first, second)) if turns else array
    if turns == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second)


@composite
def vander(x: Number, N: int | None = None, increasing: bool = False) -> Tensor:
    """Vandermonde's matrix: the powers of each element in a row.

    Args:
        x: tensor of shape (size,); booleans are taken as int32.
        N: how many powers; as many as elements when None.
        increasing: whether they begin with x⁰ rather than end with it.

    Returns:
        A tensor of shape (size, N) in the dtype of x.

    Raises:
        ShapeError: for another number of axes.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.vander([2.0, 3.0], 3)[0]]
        [4.0, 2.0, 1.0]
    """
    known = static_shape(x)
    if len(known) != 1:
        raise ShapeError(f"ops.vander: expected one axis, got shape {known}")
    count = known[0] if N is None else N
    if isinstance(x, KerasTensor) or not count:
        return rules.shaped(x, (known[0], count)) if isinstance(x, KerasTensor) else full((known[0], 0), 0, dtype_of(x))
    powers = [ones_like(x)]
    while len(powers) < count:
        powers.append(multiply(powers[-1], x))
    return stack(powers if increasing else powers[::-1], -1)


@composite
def kron(x1: Promoted, x2: Promoted) -> Tensor:
    """Kronecker's product: each element of x1 times the whole of x2.

    Args:
        x1, x2: tensors of any dtype; the one with fewer axes gets axes of size 1 in front.

    Returns:
        A tensor whose sizes are the products of both, in the promoted dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.kron([1.0, 2.0], [1.0, 10.0])]
        [1.0, 10.0, 2.0, 20.0]
    """
    x2 = beside(x1, x2)
    a, b = shape_of(x1), shape_of(x2)
    a, b = (1,) * (len(b) - len(a)) + tuple(a), (1,) * (len(a) - len(b)) + tuple(b)
    if isinstance(x1, KerasTensor):
        return rules.shaped(x1, [None if None in pair else pair[0] * pair[1] for pair in zip(a, b, strict=True)])
    wide = reshape(x1, tuple(size for n in a for size in (n, 1)))
    product = multiply(wide, reshape(x2, tuple(size for n in b for size in (1, n))))
    return reshape(product, tuple(n * m for n, m in zip(a, b, strict=True)))


@composite
def cross(
    x1: Promoted, x2: Promoted, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """The cross product of vectors with two or three components.

    Args:
        x1, x2: tensors of numbers; all axes but those of the vectors broadcast.
        axisa, axisb, axisc: the axis of the vectors in x1, in x2 and in the result.
        axis: all three at once.

    Returns:
        The vectors in the promoted dtype; of two that have two components, the third component alone.

    Raises:
        ShapeError: when the axes have other sizes. DTypeError: for booleans.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])]
        [0.0, 0.0, 1.0]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _vectors(x1, axisa), _vectors(x2, axisb)
    if dtype_of(x1) == "bool":
        raise DTypeError("ops.cross: expected numbers, got bool; cast first")
    if isinstance(x1, KerasTensor):
        sizes = {x1.shape[axisa], x2.shape[axisb]}
        if None in sizes and 3 not in sizes:
            what = f"ops.cross: with vectors of unknown size, as in {x1.shape} and {x2.shape}, the result is unknown"
            raise ShapeError(message(what, "Of two vectors of 2 components it has an axis less.", None))
        return _crossed(x1, a, b, axisc)
    if len(a) == 2 and len(b) == 2:
        return _minor(a, b, 0, 1)
    parts = [_minor(a, b, 1, 2), _minor(a, b, 2, 0), _minor(a, b, 0, 1)]
    return moveaxis(stack(parts, -1), -1, axisc)


def _vectors(x: Any, axis: int) -> list[Any]:
    """The components along an axis."""
    known = static_shape(x)
    axis = normalize_axis(axis, len(known), "ops.cross")
    if known[axis] not in (2, 3, None):
        raise ShapeError(f"ops.cross: vectors have 2 or 3 components, got {known[axis]} in axis {axis} of {known}")
    return [get_item(x, (slice(None),) * axis + (place,)) for place in range(known[axis] or 3)]


def _crossed(x: KerasTensor, a: list[Any], b: list[Any], axis: int) -> KerasTensor:
    common = broadcast_shapes(a[0].shape, b[0].shape, "ops.cross")
    if len(a) == 2 and len(b) == 2:
        return rules.shaped(x, common)
    place = normalize_axis(axis, len(common) + 1, "ops.cross")
    return rules.shaped(x, (*common[:place], 3, *common[place:]))


def _minor(a: list[Any], b: list[Any], i: int, j: int) -> Tensor:
    """a[i]·b[j] - a[j]·b[i]; a component that is not there is zero."""
    third = 2
    a = a if len(a) > third else [*a, zeros_like(a[0])]
    b = b if len(b) > third else [*b, zeros_like(b[0])]
    return subtract(multiply(a[i], b[j]), multiply(a[j], b[i]))


@composite
def corrcoef(x: Floating) -> Tensor:
    """Pearson's correlation of each two rows.

    Args:
        x: tensor of shape (variables, observations), or (observations,); integers and booleans are taken as floatx.

    Returns:
        A tensor of shape (variables, variables) with elements in [-1, 1], or a scalar; NaN for rows that do not vary.

    Raises:
        ShapeError: for another number of axes.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.corrcoef([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])[0, 1]), 4)
        1.0
    """
    known = static_shape(x)
    if len(known) not in (1, 2):
        raise ShapeError(f"ops.corrcoef: expected one or two axes, got shape {known}")
    if isinstance(x, KerasTensor):
        return rules.shaped(x, (known[0], known[0]) if len(known) == 2 else ())
    rows = x if len(known) == 2 else expand_dims(x, 0)
    centred = subtract(rows, mean(rows, -1, True))
    products = matmul(centred, transpose(centred))
    deviations = sqrt(diagonal(products))
    related = true_divide(true_divide(products, expand_dims(deviations, 1)), expand_dims(deviations, 0))
    related = clip(related, -1.0, 1.0)
    return related if len(known) == 2 else reshape(related, ())


@primitive
def slogdet(x: Floating) -> tuple[Tensor, Tensor]:
    """The sign of determinants, and the logarithms of their sizes.

    Args:
        x: tensor of shape (..., size, size); integers and booleans are taken as floatx.

    Returns:
        A tuple of two tensors of shape (...): signs (0 of a singular matrix, complex numbers of size 1 for complex x);
        logarithms (then -infinity), real.

    Raises:
        ShapeError: when the last two sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> sign, size = ops.slogdet([[2.0, 0.0], [0.0, -1.0]])
        >>> float(sign), round(float(size), 4)
        (-1.0, 0.6931)
    """
    rules.need_square(x, "slogdet")
    sign = rules.shaped(x, x.shape[:-2])
    return sign, rules.typed(sign, PART.get(x.dtype))


@composite(saved_module="keras.src.ops.linalg")
def det(x: Floating) -> Tensor:
    """The determinants of square matrices.

    Args:
        x: tensor of shape (..., size, size); integers and booleans are taken as floatx.

    Returns:
        A tensor of shape (...) in the dtype of x; 1 for a matrix without elements.

    Raises:
        ShapeError: when the last two sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.det([[2.0, 0.0], [0.0, 3.0]])), 4)
        6.0
    """
    sign, size = slogdet(x)
    return multiply(sign, exp(cast(size, dtype_of(sign))))


@composite(saved_module="keras.src.ops.math")
def logdet(x: Floating) -> Tensor:
    """The logarithms of the determinants of positive definite matrices.

    Args:
        x: tensor of shape (..., size, size), symmetric or Hermitian; integers and booleans are taken as floatx.

    Returns:
        A real tensor of shape (...). Of a matrix that is not positive definite, the logarithm of the determinant's
        size; -infinity of a singular one.

    Raises:
        ShapeError: when the last two sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.logdet([[2.0, 0.0], [0.0, 3.0]])), 4)
        1.7918
    """
    return slogdet(x)[1]
