"""Products: NumPy's functions, whose results keep the dtype of the first argument.

NumPy multiplies bfloat16 matrices into float32, cannot sum bfloat16 products, and takes a Python number as second
argument for an array of 64 bits.
"""

from typing import Any

import numpy as np

vdot = np.vdot


def matmul(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """NumPy's, in the dtype that both have; int8 gives int32."""
    if x1.dtype == np.int8:
        return np.matmul(x1, x2, dtype=np.int32)
    product = np.matmul(x1, x2)
    return product if product.dtype is x1.dtype else product.astype(x1.dtype)


def dot(x1: np.ndarray, x2: Any) -> np.ndarray:
    """NumPy's, in the dtype of x1."""
    return np.dot(x1, np.asarray(x2, x1.dtype))


def inner(x1: np.ndarray, x2: Any) -> np.ndarray:
    """NumPy's, in the dtype of x1."""
    return np.inner(x1, np.asarray(x2, x1.dtype))


def outer(x1: np.ndarray, x2: Any) -> np.ndarray:
    """NumPy's, in the dtype of x1."""
    return np.outer(x1, np.asarray(x2, x1.dtype))


SMALL = 1024  # elements, up to which NumPy's own loop is the quicker one


def einsum(subscripts: str, *operands: np.ndarray, **kwargs: Any) -> np.ndarray:
    """NumPy's, with the order of products chosen so that no intermediate is larger than need be.

    Choosing takes 10 µs, and hands BLAS what it can do: twelve times as fast in `benchmarks/time_kernels.py`.
    """
    optimize = kwargs.get("optimize", len(operands) > 2 or max(x.size for x in operands) > SMALL)
    dtype = operands[0].dtype
    if dtype.kind == "V":  # bfloat16, which np.einsum does not take
        return np.einsum(subscripts, *(x.astype(np.float32) for x in operands), optimize=optimize).astype(dtype)
    if dtype == np.int8:
        return np.einsum(subscripts, *(x.astype(np.int32) for x in operands), optimize=optimize)
    return np.einsum(subscripts, *operands, optimize=optimize)


def tensordot(x1: np.ndarray, x2: np.ndarray, axes: Any = 2) -> np.ndarray:
    """NumPy's, which takes a negative number of axes for none."""
    if isinstance(axes, int) and axes < 0:
        raise ValueError("a negative number of axes")  # the declaration says it in full
    return np.tensordot(x1, x2, axes)
