"""Systems of linear equations: solutions, inverses, best approximations, rank.

Integers and booleans are taken as floatx; 16-bit floats are computed in float32.
"""

from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import numpy_dtype
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import maximum, multiply, true_divide
from kmb_core.ops.comparison import greater, where
from kmb_core.ops.complex_numbers import PART, conjugate
from kmb_core.ops.creation import cast, eye, ones_like, zeros_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.decompositions import LINALG, svd
from kmb_core.ops.manipulation import broadcast_to, expand_dims, squeeze, swapaxes
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import max as largest_of
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, broadcast_shapes
from kmb_core.typing import Floating, Tensor


@primitive(saved_module=LINALG)
def solve(a: Floating, b: Floating) -> Tensor:
    """The x with `a @ x = b`.

    Args:
        a: tensor of shape (..., size, size).
        b: vectors of shape (size,), or of the shape of a without its last axis; or matrices of shape
            (..., size, count), whose leading axes broadcast with those of a.

    Returns:
        As many vectors or matrices, in the promoted dtype; integers and booleans are taken as floatx.

    Raises:
        ShapeError: when a is not square, or b has another size. ValueError: for a singular matrix; inside of a compiled
            function some frameworks give infinities instead.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])]
        [0.5, 0.25]
    """
    rules.need_square(a, "solve")
    return _solution(a, b, "solve")


@primitive(saved_module=LINALG)
def solve_triangular(a: Floating, b: Floating, lower: bool = False) -> Tensor:
    """The x with `a @ x = b`, where a is a triangle.

    Args:
        a: tensor of shape (..., size, size); the other triangle is not read.
        b: vectors of shape (size,), or of the shape of a without its last axis; or matrices of shape
            (..., size, count), whose leading axes broadcast with those of a.
        lower: whether it is the lower triangle.

    Returns:
        As many vectors or matrices, in the promoted dtype; integers and booleans are taken as floatx. A zero on the
        diagonal gives infinities and NaN.

    Raises:
        ShapeError: when a is not square, or b has another size.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.solve_triangular([[2.0, 1.0], [9.0, 4.0]], [1.0, 2.0])]
        [0.25, 0.5]
    """
    rules.need_square(a, "solve_triangular")
    return _solution(a, b, "solve_triangular")


def _are_vectors(a: Shape, b: Shape) -> bool:
    """Whether b holds right-hand sides without an axis for their count."""
    return len(b) == 1 or (len(b) == len(a) - 1 and rules.fits(b, a[:-1]))


def _solution(a: KerasTensor, b: KerasTensor, op: str) -> KerasTensor:
    """What solves it, in shape: a has columns where b has rows."""
    vectors = _are_vectors(a.shape, b.shape)
    columns = (*b.shape, 1) if vectors else b.shape
    if len(columns) < 2 or not rules.fits(columns[-2:-1], a.shape[-2:-1]):
        what = f"ops.{op}: expected b with {a.shape[-2]} rows for a of shape {a.shape}, got shape {b.shape}"
        remedy = "b is (size,), or a's shape without the last axis, or (..., size, count)."
        raise ShapeError(message(what, None, remedy))
    leading = broadcast_shapes(a.shape[:-2], columns[:-2], f"ops.{op}")
    whole = (*leading, a.shape[-1], columns[-1])
    return rules.shaped(b, whole[:-1] if vectors else whole)


@composite(saved_module=LINALG)
def inv(x: Floating) -> Tensor:
    """The inverse of square matrices.

    Args:
        x: tensor of shape (..., size, size); integers and booleans are taken as floatx.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: when the last two sizes differ. ValueError: for a singular matrix; inside of a compiled function
            some frameworks give infinities instead.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.inv([[2.0, 0.0], [0.0, 4.0]])[1, 1]), 4)
        0.25
    """
    if isinstance(x, KerasTensor):
        rules.need_square(x, "inv")
        return rules.same(x)
    return solve(x, _units(x))


@composite(saved_module=LINALG)
def cholesky_inverse(x: Floating, upper: bool = False) -> Tensor:
    """The inverse of positive definite matrices whose Cholesky factor is given.

    Args:
        x: tensor of shape (..., size, size), the factor; the other triangle is not read.
        upper: whether the factor is an upper triangle.

    Returns:
        `inv(x @ xᴴ)`, or `inv(xᴴ @ x)` with `upper`, in the same shape and dtype.

    Raises:
        ShapeError: when the last two sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.cholesky_inverse([[2.0, 0.0], [0.0, 1.0]])[0, 0]), 4)
        0.25
    """
    if isinstance(x, KerasTensor):
        rules.need_square(x, "cholesky_inverse")
        return rules.same(x)
    inverse = solve_triangular(x, _units(x), not upper)
    turned = _adjoint(inverse)
    return matmul(inverse, turned) if upper else matmul(turned, inverse)


def _units(x: Tensor) -> Tensor:
    """Unit matrices in the shape of x; a single one could pass for vectors."""
    return broadcast_to(eye(shape_of(x)[-1], dtype=dtype_of(x)), shape_of(x))


def _adjoint(x: Tensor) -> Tensor:
    return conjugate(swapaxes(x, -1, -2))


@composite(saved_module=LINALG)
def pinv(x: Floating, rcond: float | None = None) -> Tensor:
    """The Moore–Penrose inverse of matrices.

    Args:
        x: tensor of shape (..., rows, columns); integers and booleans are taken as floatx.
        rcond: singular values up to this share of the largest count as zero; when None, ten times the larger size times
            the machine epsilon.

    Returns:
        A tensor of shape (..., columns, rows), in the dtype of x.

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.pinv([[2.0], [0.0]])[0]]
        [0.5, 0.0]
    """
    if isinstance(x, KerasTensor):
        rules.need_matrices(x, "pinv")
        return rules.shaped(x, (*x.shape[:-2], x.shape[-1], x.shape[-2]))
    if 0 in static_shape(x)[-2:]:
        return swapaxes(x, -1, -2)
    u, s, vh = svd(x, False)
    kept = greater(s, multiply(largest_of(s, -1, True), 10 * _rounding(x) if rcond is None else rcond))
    reciprocals = where(kept, true_divide(1.0, where(kept, s, ones_like(s))), zeros_like(s))
    scaled = multiply(_adjoint(vh), expand_dims(cast(reciprocals, dtype_of(x)), -2))
    return matmul(scaled, _adjoint(u))


def _rounding(x: Tensor) -> Any:
    """The larger size times the epsilon of the dtype that is computed in."""
    part = PART.get(dtype_of(x), dtype_of(x))
    epsilon = float(np.finfo(numpy_dtype("float64" if part == "float64" else "float32")).eps)
    rows, columns = shape_of(x)[-2:]
    if isinstance(rows, int) and isinstance(columns, int):
        return epsilon * max(rows, columns)
    return multiply(cast(maximum(rows, columns), part), epsilon)  # sizes that only a running graph knows


@composite(saved_module=LINALG)
def lstsq(a: Floating, b: Floating, rcond: float | None = None) -> Tensor:
    """The x for which `a @ x` comes closest to b by the sum of squares; of several the shortest.

    Args:
        a: tensor of shape (..., rows, columns).
        b: vectors of shape (rows,), or of the shape of a without its last axis; or matrices of shape
            (..., rows, count), whose leading axes broadcast with those of a.
        rcond: as for `pinv`.

    Returns:
        Vectors (..., columns) or matrices (..., columns, count), in the promoted dtype; integers and booleans are taken
        as floatx.

    Raises:
        ShapeError: when a has fewer than two axes, or b has another number of rows.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.lstsq([[1.0], [1.0]], [1.0, 3.0])]
        [2.0]
    """
    if isinstance(a, KerasTensor):
        rules.need_matrices(a, "lstsq")
        return _solution(a, b, "lstsq")
    inverse = pinv(a, rcond)
    if _are_vectors(static_shape(a), static_shape(b)):
        return squeeze(matmul(inverse, expand_dims(b, -1)), -1)
    return matmul(inverse, b)


@composite(saved_module=LINALG)
def matrix_rank(x: Floating, tol: float | None = None) -> Tensor:
    """How many rows of matrices are independent: the singular values that are not about zero.

    Args:
        x: tensor of shape (..., rows, columns); integers and booleans are taken as floatx.
        tol: what counts as zero; when None, the largest singular value times the larger size times the machine epsilon.

    Returns:
        int32 of shape (...).

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
        1
    """
    if isinstance(x, KerasTensor):
        rules.need_matrices(x, "matrix_rank")
        return KerasTensor.like(x.shape[:-2], "int32")
    s = svd(x, False, False)
    if 0 in static_shape(x)[-2:]:
        return sum_of(cast(s, "int32"), -1)
    limit = multiply(largest_of(s, -1, True), _rounding(x)) if tol is None else tol
    return sum_of(cast(greater(s, limit), "int32"), -1)
