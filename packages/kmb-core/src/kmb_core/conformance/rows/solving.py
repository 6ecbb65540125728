"""Rows of `ops.solving`."""

import numpy as np

from kmb_core.conformance.row import Draw, Table, fixed, numbers
from kmb_core.conformance.rows.complex_numbers import complexes

TABLE = Table()

SOME = {"tolerance": 1e-5, "low_tolerance": 0.3, "gradients": True}
COMPLEX = {"tolerance": 1e-5, "dtypes": ("float32",)}
WHOLE = {"tolerance": 1e-5, "dtypes": ("int32",), "unknown_batch": 0}


def regular(*shape, dtype=None):
    """Square matrices that are far from singular."""

    def draw(generator, size):
        given = generator.uniform(-1, 1, size)
        given = given + 1j * generator.uniform(-1, 1, size) if dtype else given
        return given + 4 * np.eye(size[-1])

    return Draw(shape, draw, dtype)


def solve(a, b):
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    return (np.linalg.inv(a) @ (b[..., None] if vectors else b))[(..., 0) if vectors else ...]


def solve_triangular(a, b, lower=False):
    return solve(np.tril(a) if lower else np.triu(a), b)


RIGHT_SIDES = (
    ((3, 3), (3,)),
    ((3, 3), (3, 2)),
    ((2, 3, 3), (2, 3)),
    ((2, 3, 3), (2, 3, 4)),
    ((2, 3, 3), (3, 4)),
    ((2, 1, 3, 3), (4, 3, 2)),
)
for a, b in RIGHT_SIDES:
    batch = 2 if len(a) > 2 and len(b) >= len(a) - 1 and a[0] == b[0] else 0
    TABLE.add("solve", solve, regular(*a), numbers(*b), unknown_batch=batch, **SOME)
    for lower in (False, True):
        TABLE.add("solve_triangular", solve_triangular, regular(*a), numbers(*b), lower, unknown_batch=batch, **SOME)
TABLE.add_all(
    {"solve": solve, "solve_triangular": solve_triangular}, fixed([[2.0, 1.0], [1.0, 3.0]]), fixed([1.0, 2.0]), **WHOLE
)
TABLE.add("solve", solve, regular(2, 3, 3, dtype="complex64"), complexes(2, 3, 2), **COMPLEX)
TABLE.add("solve_triangular", solve_triangular, regular(2, 3, 3, dtype="complex64"), complexes(2, 3, 2), **COMPLEX)
for a, b in (((0, 0), (0,)), ((0, 3, 3), (0, 3, 2)), ((3, 3), (3, 0))):
    TABLE.add_all(
        {"solve": solve, "solve_triangular": solve_triangular}, regular(*a), numbers(*b), unknown_batch=2 * (len(a) > 2)
    )
SINGULAR = fixed([[0.0, 1.0], [0.0, 2.0]])
TABLE.add(
    "solve_triangular", lambda a, b: np.array([np.inf, 0.5]), SINGULAR, fixed([2.0, 1.0]), unknown_batch=0, finite=False
)

INVERSES = {
    "inv": np.linalg.inv,
    "pinv": lambda x: np.linalg.pinv(x),
    "cholesky_inverse": lambda x: np.linalg.inv(np.tril(x) @ np.conjugate(np.tril(x).swapaxes(-1, -2))),
}
for shape in ((3, 3), (2, 3, 3), (3, 3, 3)):
    TABLE.add_all(INVERSES, regular(*shape), unknown_batch=int(len(shape) > 2), **SOME)
for shape in ((0, 0), (0, 3, 3), (2, 0, 0)):
    TABLE.add_all(INVERSES, regular(*shape), unknown_batch=int(len(shape) > 2))
TABLE.add_all(INVERSES, regular(2, 3, 3, dtype="complex64"), **COMPLEX)
TABLE.add_all(INVERSES, fixed([[2.0, 1.0], [1.0, 3.0]]), **WHOLE)


def inverse_of_upper(x, upper):
    return np.linalg.inv(np.conjugate(np.triu(x).swapaxes(-1, -2)) @ np.triu(x))


TABLE.add("cholesky_inverse", inverse_of_upper, regular(2, 3, 3), True, **SOME)
TABLE.add("cholesky_inverse", inverse_of_upper, regular(3, 3, dtype="complex64"), True, unknown_batch=0, **COMPLEX)

TALL = fixed([[2.0, 1.0], [0.5, -1.0], [1.0, 3.0]])
FLAT = fixed([[[1.0, 2.0, 0.0], [2.0, 4.0, 1.0]], [[1.0, 0.0, 1.0], [0.0, 1.0, 0.5]]])
DEFICIENT = fixed([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
TABLE.add("pinv", np.linalg.pinv, TALL, unknown_batch=0, **SOME)
TABLE.add("pinv", np.linalg.pinv, FLAT, **SOME)
TABLE.add("pinv", lambda x: np.linalg.pinv(x, 1e-10), DEFICIENT, unknown_batch=0, tolerance=1e-5)
TABLE.add("pinv", np.linalg.pinv, fixed([[3.0, 0.0], [0.0, 0.5]]), rcond=0.25, unknown_batch=0)
for shape in ((2, 0, 3), (2, 3, 0), (0, 2, 3)):
    TABLE.add("pinv", np.linalg.pinv, numbers(*shape))


def lstsq(a, b, rcond=1e-10):
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    return (np.linalg.pinv(a, rcond) @ (b[..., None] if vectors else b))[(..., 0) if vectors else ...]


for a, b in ((TALL, numbers(3)), (TALL, numbers(3, 2)), (FLAT, numbers(2, 2)), (FLAT, numbers(2, 2, 4))):
    TABLE.add("lstsq", lstsq, a, b, unknown_batch=2 * (len(a.shape) > 2), **SOME)
TABLE.add("lstsq", lstsq, DEFICIENT, numbers(3), unknown_batch=0, tolerance=1e-5)
TABLE.add("lstsq", lstsq, fixed([[3.0, 0.0], [0.0, 0.5]]), numbers(2), rcond=0.25, unknown_batch=0)
TABLE.add("lstsq", lstsq, fixed([[3.0, 1.0], [1.0, 2.0]]), fixed([1.0, 2.0]), **WHOLE)
TABLE.add("lstsq", lstsq, complexes(2, 3, 2), complexes(2, 3, 2), **COMPLEX)
TABLE.add("lstsq", lstsq, numbers(0, 2), numbers(0), unknown_batch=0)


def matrix_rank(x, tol=1e-5):
    return np.asarray((np.linalg.svd(x, compute_uv=False) > tol).sum(-1), "int32")


RANK = {"low_tolerance": 0.0}
TABLE.add("matrix_rank", matrix_rank, numbers(2, 4, 3), **RANK)
TABLE.add("matrix_rank", matrix_rank, DEFICIENT, dtypes=("float32", "float64", "int32"), unknown_batch=0, **RANK)
TABLE.add("matrix_rank", matrix_rank, fixed([[10.0, 0.0], [0.0, 0.5]]), tol=1.0, unknown_batch=0, **RANK)
TABLE.add("matrix_rank", matrix_rank, numbers(2, 3, 0), **RANK)
TABLE.add("matrix_rank", matrix_rank, fixed([[0.0, 0.0], [0.0, 0.0]]), unknown_batch=0, **RANK)
TABLE.add("matrix_rank", matrix_rank, complexes(2, 3, 2), dtypes=("float32",))
