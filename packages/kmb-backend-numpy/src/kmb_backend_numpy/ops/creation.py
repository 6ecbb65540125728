"""Arrays from sizes and numbers."""

from typing import Any

import numpy as np

from kmb_core.dtypes import numpy_dtype, standardize_dtype


def cast(x: np.ndarray, dtype: Any) -> np.ndarray:
    """The array in another dtype; the same one when it has it."""
    return x.astype(numpy_dtype(dtype), copy=False)


def stop_gradient(variable: np.ndarray) -> np.ndarray:
    """There are no gradients to stop."""
    return variable


def full(shape: Any, fill_value: Any, dtype: Any = None) -> np.ndarray:
    """NumPy's, in floatx when no dtype is given."""
    return np.full(shape, fill_value, numpy_dtype(dtype))


def zeros(shape: Any, dtype: Any = None) -> np.ndarray:
    """NumPy's, in floatx when no dtype is given."""
    return np.zeros(shape, numpy_dtype(dtype))


def ones(shape: Any, dtype: Any = None) -> np.ndarray:
    """NumPy's, in floatx when no dtype is given."""
    return np.ones(shape, numpy_dtype(dtype))


def zeros_like(x: np.ndarray, dtype: Any = None) -> np.ndarray:
    """NumPy's, without its subclasses of arrays."""
    return np.zeros(x.shape, x.dtype if dtype is None else numpy_dtype(dtype))


def ones_like(x: np.ndarray, dtype: Any = None) -> np.ndarray:
    """NumPy's, without its subclasses of arrays."""
    return np.ones(x.shape, x.dtype if dtype is None else numpy_dtype(dtype))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> np.ndarray:
    """NumPy's; int32 for integers, floatx for floats."""
    bounds = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    if dtype is None:
        whole = all(np.asarray(bound).dtype.kind in "iu" for bound in (*bounds, step))
        dtype = "int32" if whole else standardize_dtype(None)
    return np.arange(*bounds, step, dtype=numpy_dtype(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """NumPy's, in floatx when no dtype is given."""
    return np.eye(N, M, k, dtype=numpy_dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """NumPy's, in floatx when no dtype is given."""
    return np.tri(N, M, k, dtype=numpy_dtype(dtype))


def tril(x: np.ndarray, k: int = 0) -> np.ndarray:
    """NumPy's, without its promotion of vectors to matrices."""
    _need_matrix(x)
    return np.tril(x, k)


def triu(x: np.ndarray, k: int = 0) -> np.ndarray:
    """NumPy's, without its promotion of vectors to matrices."""
    _need_matrix(x)
    return np.triu(x, k)


def _need_matrix(x: np.ndarray) -> None:
    if x.ndim < 2:
        raise ValueError(f"expected a matrix, got shape {x.shape}")  # the declaration says it in full
