"""Products: NumPy's functions."""

from typing import Any

import numpy as np

matmul = np.matmul
dot = np.dot
inner = np.inner
outer = np.outer
vdot = np.vdot
tensordot = np.tensordot


def einsum(subscripts: str, *operands: np.ndarray, **kwargs: Any) -> np.ndarray:
    """NumPy's, with the order of products chosen so that no intermediate is larger than need be."""
    return np.einsum(subscripts, *operands, optimize=kwargs.get("optimize", len(operands) > 2))
