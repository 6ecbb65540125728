"""Rows of `ops.decompositions`. Of vectors whose signs or phases are free, squares and products are compared."""

import numpy as np

from kmb_core import ops
from kmb_core.conformance.row import Draw, Table, fixed, numbers
from kmb_core.conformance.rows.complex_numbers import complexes

TABLE = Table()

CLOSE = {"tolerance": 1e-5, "low_tolerance": 0.3}
SMOOTH = {**CLOSE, "gradients": True}
COMPLEX = {"dtypes": ("float32",), **CLOSE}
WHOLE = {"dtypes": ("int32",), "unknown_batch": 0, **CLOSE}


def definite(*shape, dtype=None):
    """Symmetric or Hermitian matrices whose eigenvalues lie well above 0."""

    def draw(generator, size):
        root = generator.uniform(-1, 1, size)
        root = root + 1j * generator.uniform(-1, 1, size) if dtype else root
        return root @ np.conjugate(root.swapaxes(-1, -2)) + np.diag(np.arange(1.0, size[-1] + 1))

    return Draw(shape, draw, dtype)


def mean_of_triangles(x):
    """What a function of symmetric matrices sees, whichever element moves."""
    return (x + np.conjugate(x.swapaxes(-1, -2))) / 2


def cholesky(x, upper=False):
    factor = np.linalg.cholesky(mean_of_triangles(x))
    return np.conjugate(factor.swapaxes(-1, -2)) if upper else factor


for upper in (False, True):
    TABLE.add("cholesky", cholesky, definite(3, 3), upper=upper, unknown_batch=0, **SMOOTH)
    TABLE.add("cholesky", cholesky, definite(2, 3, 3), upper, **SMOOTH)
    TABLE.add("cholesky", cholesky, definite(3, 3, dtype="complex64"), upper, unknown_batch=0, **COMPLEX)
TABLE.add("cholesky", cholesky, fixed([[4.0, 2.0], [2.0, 5.0]]), **WHOLE)
TABLE.add("cholesky", cholesky, numbers(0, 0), unknown_batch=0)
TABLE.add("cholesky", cholesky, numbers(0, 2, 2))
TABLE.add("cholesky", cholesky, numbers(2, 0, 0))


def lu_factor(x):
    """Elimination as in the textbook, one matrix after the other."""
    if x.ndim > 2:
        parts = [lu_factor(matrix) for matrix in x]
        return np.stack([part[0] for part in parts]), np.stack([part[1] for part in parts])
    x, pivots = np.array(x, np.result_type(x, np.float64)), []
    for k in range(min(x.shape)):
        pivots.append(k + int(np.argmax(np.abs(x[k:, k].real) + np.abs(x[k:, k].imag))))
        x[[k, pivots[k]]] = x[[pivots[k], k]]
        for i in range(k + 1, len(x)):
            x[i, k] = x[i, k] / x[k, k] if x[k, k] else x[i, k]
            x[i, k + 1 :] -= x[i, k] * x[k, k + 1 :]
    return x, np.array(pivots, "int32")


TABLE.add(
    "lu_factor", lu_factor, fixed([[1.0, 3.0, 2.0], [-2.0, 1.0, 0.5], [1.5, 0.25, 4.0]]), unknown_batch=0, **SMOOTH
)
TABLE.add("lu_factor", lu_factor, numbers(2, 4, 4), **SMOOTH)
TABLE.add("lu_factor", lu_factor, numbers(2, 4, 2), **SMOOTH)
TABLE.add("lu_factor", lu_factor, numbers(2, 2, 4), **SMOOTH)
TABLE.add("lu_factor", lu_factor, fixed([[1.0, 1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 0.0, 0.0]]), unknown_batch=0, **CLOSE)
TABLE.add("lu_factor", lu_factor, fixed([[1.0, 3.0], [4.0, 2.0]]), **WHOLE)
TABLE.add("lu_factor", lu_factor, complexes(2, 3, 3), **COMPLEX)
TABLE.add("lu_factor", None, numbers(0, 3, 3))
TABLE.add("lu_factor", None, numbers(0, 0), unknown_batch=0)


def with_positive_diagonal(q, r):
    """Both factors with the signs that make r's diagonal positive; columns that meet no row of x left out."""
    count = min(r.shape[-2:])
    q, r = q[..., :count], r[..., :count, :]
    diagonal = ops.diagonal(r, 0, -2, -1)
    turned = ops.conjugate(diagonal) / ops.cast(ops.absolute(diagonal), r.dtype)
    turned = ops.stop_gradient(turned)
    return q / ops.expand_dims(turned, -2), r * ops.expand_dims(turned, -1)


def qr(x, mode="reduced"):
    """By Cholesky's factor of xᴴ x for tall matrices; of the square part for wide ones."""
    square = x[..., : min(x.shape[-2:])]
    r = np.conjugate(np.linalg.cholesky(np.conjugate(square.swapaxes(-1, -2)) @ square).swapaxes(-1, -2))
    q = square @ np.linalg.inv(r)
    return q, np.conjugate(q.swapaxes(-1, -2)) @ x


QR = {"determined": with_positive_diagonal}
TABLE.add("qr", qr, numbers(3, 3), unknown_batch=0, **QR, **SMOOTH)
TABLE.add("qr", qr, numbers(2, 4, 3), **QR, **SMOOTH)
TABLE.add("qr", qr, numbers(2, 2, 4), mode="reduced", **QR, **SMOOTH)
TABLE.add("qr", qr, numbers(2, 4, 3), "complete", **QR, **CLOSE)
TABLE.add("qr", qr, numbers(2, 3, 3), "complete", **QR, **SMOOTH)
TABLE.add("qr", qr, fixed([[1.0, 3.0], [4.0, 2.0]]), **QR, **WHOLE)
TABLE.add("qr", qr, complexes(2, 4, 3), **QR, **COMPLEX)
for mode in ("reduced", "complete"):
    TABLE.add("qr", None, numbers(2, 4, 3), mode)
    TABLE.add("qr", None, numbers(2, 3, 4), mode)
    TABLE.add("qr", None, numbers(0, 3, 2), mode)
    TABLE.add("qr", None, numbers(2, 3, 0), mode)


def squares(u, s, vh):
    """Singular values, and vectors whose signs no longer matter."""
    count = s.shape[-1]
    return ops.square(ops.absolute(u[..., :count])), s, ops.square(ops.absolute(vh[..., :count, :]))


def svd(x, full_matrices=True, compute_uv=True):
    if not compute_uv:
        return np.linalg.svd(x, compute_uv=False)
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.abs(u) ** 2, s, np.abs(vh) ** 2


SVD = {"determined": squares}
SPREAD = fixed([[3.0, 0.5, 0.25], [0.5, -1.0, 0.75], [1.0, 0.25, 0.5]])
TABLE.add("svd", svd, SPREAD, unknown_batch=0, **SVD, **SMOOTH)
for full in (False, True):
    TABLE.add("svd", svd, numbers(2, 4, 3), full, **SVD, **({} if full else {"gradients": True}), **CLOSE)
    TABLE.add("svd", svd, numbers(2, 3, 4), full_matrices=full, **SVD, **({} if full else {"gradients": True}), **CLOSE)
    TABLE.add("svd", svd, complexes(2, 3, 2), full, **SVD, **COMPLEX)
    for shape in ((2, 4, 3), (2, 3, 4), (3, 3), (0, 3, 2), (2, 0, 3), (2, 3, 0)):
        TABLE.add("svd", None, numbers(*shape), full, unknown_batch=int(len(shape) > 2))
TABLE.add("svd", svd, numbers(2, 3, 4), compute_uv=False, **SMOOTH)
TABLE.add("svd", svd, numbers(2, 0, 4), compute_uv=False)
TABLE.add("svd", svd, complexes(3, 2), False, False, unknown_batch=0, **COMPLEX)
TABLE.add("svd", svd, fixed([[1.0, 3.0], [4.0, 2.0]]), **SVD, **WHOLE)


def eigh(x):
    values, vectors = np.linalg.eigh(mean_of_triangles(x))
    return values, np.abs(vectors) ** 2


EIGH = {"determined": lambda values, vectors: (values, ops.square(ops.absolute(vectors)))}
TABLE.add("eigh", eigh, definite(3, 3), unknown_batch=0, **EIGH, **SMOOTH)
TABLE.add("eigh", eigh, definite(2, 3, 3), **EIGH, **SMOOTH)
TABLE.add("eigh", eigh, definite(2, 3, 3, dtype="complex64"), **EIGH, **COMPLEX)
TABLE.add("eigh", eigh, fixed([[1.0, 3.0], [3.0, 2.0]]), **EIGH, **WHOLE)
TABLE.add("eigh", None, definite(3, 3), unknown_batch=0)
for shape in ((0, 0), (2, 0, 0), (0, 3, 3)):
    TABLE.add("eigh", None, numbers(*shape), unknown_batch=int(len(shape) > 2))


def composed(values, vectors):
    """The sums of eigenvalues and of their squares, and the matrix again."""
    matrix = ops.matmul(vectors * ops.expand_dims(values, -2), ops.inv(vectors))
    return ops.sum(values, -1), ops.sum(values * values, -1), matrix


def eig(x):
    wide = np.asarray(x, np.complex128)
    return np.trace(wide, axis1=-2, axis2=-1), np.trace(wide @ wide, axis1=-2, axis2=-1), wide


EIG = {"determined": composed}
for matrix in (numbers(2, 3, 3), fixed([[0.0, -1.0], [1.0, 0.0]]), fixed([[2.0, 1.0], [0.0, 1.0]])):
    TABLE.add("eig", eig, matrix, unknown_batch=int(len(matrix.shape) > 2), **EIG, **CLOSE)
TABLE.add("eig", eig, complexes(2, 3, 3), **EIG, **COMPLEX)
TABLE.add("eig", eig, fixed([[1.0, 3.0], [4.0, 2.0]]), **EIG, **WHOLE)
TABLE.add("eig", eig, numbers(0, 3, 3), **EIG)
