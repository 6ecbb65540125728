"""Linear equations: NumPy's functions, and substitution, which it does not have."""

import numpy as np

from kmb_backend_numpy.ops.decompositions import narrowed, need_finite, widened


def _columns(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, bool]:
    """Right-hand sides as matrices, and whether they came as vectors."""
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    return (b[..., None] if vectors else b), vectors


def solve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """NumPy's."""
    columns, vectors = _columns(a, b)
    try:
        (x,) = narrowed(a, np.linalg.solve(widened(a), widened(columns)))
    except np.linalg.LinAlgError as error:
        raise _singular(error, "solve", a) from None
    return x[..., 0] if vectors else x


def inv(x: np.ndarray) -> np.ndarray:
    """NumPy's."""
    try:
        return narrowed(x, np.linalg.inv(widened(x)))[0]
    except np.linalg.LinAlgError as error:
        raise _singular(error, "inv", x) from None


def _singular(error: Exception, op: str, a: np.ndarray) -> Exception:
    """NumPy has one class of errors for shapes, which the op's declaration explains, and for singular matrices."""
    square = a.ndim > 1 and a.shape[-1] == a.shape[-2]
    return np.linalg.LinAlgError(f"ops.{op}: the matrix is singular") if square else error


def solve_triangular(a: np.ndarray, b: np.ndarray, lower: bool = False) -> np.ndarray:
    """Substitution, one row of all matrices after the other."""
    columns, vectors = _columns(a, b)
    left, right = widened(a), widened(columns)
    size = left.shape[-1]
    if left.shape[-2] != size or right.shape[-2] != size:
        raise ValueError(f"shapes {a.shape} and {b.shape} do not fit")
    leading = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    x = np.zeros((*leading, *right.shape[-2:]), left.dtype)
    with np.errstate(all="ignore"):
        for i in range(size) if lower else reversed(range(size)):
            known = slice(0, i) if lower else slice(i + 1, size)
            rest = right[..., i, :] - (left[..., i, None, known] @ x[..., known, :])[..., 0, :]
            x[..., i, :] = rest / left[..., i, i, None]
    (x,) = narrowed(a, x)
    return x[..., 0] if vectors else x


def lstsq(a: np.ndarray, b: np.ndarray, rcond: float | None = None) -> np.ndarray:
    """NumPy's for one matrix, by the pseudo-inverse for several; of finite numbers, as `svd`."""
    need_finite(a, "lstsq")
    columns, vectors = _columns(a, b)
    left, right = widened(a), widened(columns)
    if rcond is None:
        rcond = 10 * max(a.shape[-2:]) * float(np.finfo(left.dtype).eps)
    if left.ndim == right.ndim == 2:
        x = np.linalg.lstsq(left, right, rcond)[0]
    else:
        x = np.linalg.pinv(left, rcond) @ right
    (x,) = narrowed(a, x)
    return x[..., 0] if vectors else x
