"""Matrices as products of simpler ones.

Integers and booleans are taken as floatx. 16-bit floats are decomposed in float32, for which LAPACK and its like have
kernels. Where signs or phases of a result are free (singular vectors, eigenvectors, rows of a triangle), they are the
framework's.
"""

from typing import Any

from kmb_core.backend import KerasTensor
from kmb_core.ops import rules
from kmb_core.ops.complex_numbers import PART
from kmb_core.ops.declaration import primitive
from kmb_core.typing import Floating, Tensor

LINALG = "keras.src.ops.linalg"
COMPLEX = {"float64": "complex128", "complex128": "complex128"}  # of all other dtypes: complex64


@primitive(saved_module=LINALG)
def cholesky(x: Floating, upper: bool = False) -> Tensor:
    """The triangular factor of positive definite matrices: L with `L Lᴴ = x`, or U with `Uᴴ U = x`.

    Args:
        x: tensor of shape (..., size, size), symmetric or Hermitian; only its lower triangle is read. Gradients are
            symmetric, too. Integers and booleans are taken as floatx.
        upper: whether the factor is an upper triangle.

    Returns:
        A triangular tensor of the same shape and dtype, with positive numbers on its diagonal.

    Raises:
        ShapeError: when the last two sizes differ. ValueError: for a matrix that is not positive definite; inside of a
            compiled function some frameworks give NaN instead.

    Example:
        >>> from kmb_core import ops
        >>> ops.convert_to_numpy(ops.cholesky([[4.0, 2.0], [2.0, 10.0]])).tolist()
        [[2.0, 0.0], [1.0, 3.0]]
    """
    rules.need_square(x, "cholesky")
    return rules.same(x)


@primitive(saved_module=LINALG)
def lu_factor(x: Floating) -> tuple[Tensor, Tensor]:
    """Gaussian elimination with row exchanges: both triangles in one matrix, and which rows were exchanged.

    Args:
        x: tensor of shape (..., rows, columns); integers and booleans are taken as floatx.

    Returns:
        A tuple of two tensors. First the factors, in the shape of x: U on and above the diagonal, L below it, whose
        diagonal of ones is not stored. Then int32 of shape (..., min(rows, columns)): in step i row i was exchanged
        with row `pivots[i]`, counted from 0. As `scipy.linalg.lu_factor`: the pivot is the largest element, of complex
        ones that with the largest sum of both parts' sizes.

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> factors, pivots = ops.lu_factor([[1.0, 3.0], [2.0, 4.0]])
        >>> ops.convert_to_numpy(factors).tolist(), ops.convert_to_numpy(pivots).tolist()
        ([[2.0, 4.0], [0.5, 1.0]], [1, 1])
    """
    rules.need_matrices(x, "lu_factor")
    return rules.same(x), KerasTensor.like((*x.shape[:-2], _smaller(x)), "int32")


def _smaller(x: KerasTensor) -> int | None:
    rows, columns = x.shape[-2:]
    return None if rows is None or columns is None else min(rows, columns)


@primitive(saved_module=LINALG)
def qr(x: Floating, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """A matrix with orthonormal columns times an upper triangle.

    Args:
        x: tensor of shape (..., rows, columns); integers and booleans are taken as floatx.
        mode: "reduced" gives min(rows, columns) columns, "complete" as many as rows.

    Returns:
        A tuple `(q, r)` of shapes (..., rows, count) and (..., count, columns), in the dtype of x.

    Raises:
        ShapeError: for fewer than two axes. ValueError: for another mode.

    Example:
        >>> from kmb_core import ops
        >>> q, r = ops.qr([[3.0, 1.0], [4.0, 2.0]])
        >>> round(abs(float(r[0, 0])), 4)
        5.0
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode is 'reduced' or 'complete', got {mode!r}")
    rules.need_matrices(x, "qr")
    *leading, rows, columns = x.shape
    count = _smaller(x) if mode == "reduced" else rows
    return rules.shaped(x, (*leading, rows, count)), rules.shaped(x, (*leading, count, columns))


@primitive(saved="SVD", saved_module=LINALG)
def svd(x: Floating, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition: `x = u @ diag(s) @ vh`.

    Args:
        x: tensor of shape (..., rows, columns); integers and booleans are taken as floatx.
        full_matrices: whether u and vh are square; else they have min(rows, columns) columns and rows.
        compute_uv: False gives the singular values alone.

    Returns:
        A tuple `(u, s, vh)`: left singular vectors in columns, (..., rows, rows) or (..., rows, count); real singular
        values, falling, (..., count); right vectors, conjugated, in rows, (..., columns, columns) or (..., count,
        columns). Vectors beyond the singular values are not determined, and have no gradients on some frameworks.

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> s = ops.svd([[0.0, 2.0], [3.0, 0.0]], compute_uv=False)
        >>> [round(float(v), 4) for v in s]
        [3.0, 2.0]
    """
    rules.need_matrices(x, "svd")
    *leading, rows, columns = x.shape
    count = _smaller(x)
    values = KerasTensor.like((*leading, count), PART.get(x.dtype, x.dtype))
    if not compute_uv:
        return values
    left, right = (rows, columns) if full_matrices else (count, count)
    return rules.shaped(x, (*leading, rows, left)), values, rules.shaped(x, (*leading, right, columns))


@primitive(saved_module=LINALG)
def eigh(x: Floating) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of symmetric or Hermitian matrices.

    Args:
        x: tensor of shape (..., size, size); only its lower triangle is read. Integers and booleans are taken as
            floatx.

    Returns:
        A tuple of two tensors: eigenvalues, rising, real, of shape (..., size); eigenvectors of length 1 in the columns
        of (..., size, size).

    Raises:
        ShapeError: when the last two sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> values, vectors = ops.eigh([[2.0, 1.0], [1.0, 2.0]])
        >>> [round(float(v), 4) for v in values]
        [1.0, 3.0]
    """
    rules.need_square(x, "eigh")
    return KerasTensor.like(x.shape[:-1], PART.get(x.dtype, x.dtype)), rules.same(x)


@primitive(saved_module=LINALG)
def eig(x: Floating) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of square matrices.

    Args:
        x: tensor of shape (..., size, size); integers and booleans are taken as floatx.

    Returns:
        A tuple of two complex tensors: eigenvalues of shape (..., size), in no order; eigenvectors of length 1 in the
        columns of (..., size, size). complex128 for 64-bit input, else complex64.

    Raises:
        ShapeError: when the last two sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> values, vectors = ops.eig([[0.0, -1.0], [1.0, 0.0]])
        >>> sorted(round(float(v), 4) for v in ops.imag(values))
        [-1.0, 1.0]
    """
    rules.need_square(x, "eig")
    dtype = COMPLEX.get(x.dtype, "complex64")
    return KerasTensor.like(x.shape[:-1], dtype), KerasTensor.like(x.shape, dtype)
