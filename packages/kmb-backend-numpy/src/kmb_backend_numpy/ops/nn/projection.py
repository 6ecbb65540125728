"""Dense projection as one matrix product, whatever the rank: NumPy would make one for each index in front."""

import math
from typing import Any

import numpy as np

from kmb_backend_numpy.ops.nn.precision import in_float32
from kmb_core.shapes import normalize_axes


@in_float32
def dense(x: Any, kernel: Any, bias: Any = None) -> Any:
    """x @ kernel + bias."""
    if kernel.ndim != 2:
        raise ValueError("the kernel is no matrix")  # the declaration says it in full
    kernel = kernel.astype(x.dtype, copy=False)
    if x.ndim > 2:
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        result = np.matmul(rows, kernel).reshape(*x.shape[:-1], kernel.shape[-1])
    else:
        result = np.matmul(x, kernel)
    if bias is not None:
        result += bias.astype(x.dtype, copy=False)
    return result


def embed(table: Any, indices: Any) -> Any:
    """Rows of a table."""
    if not table.ndim:
        normalize_axes(0, 0, "ops.embed")
    return table.take(indices, axis=0)
