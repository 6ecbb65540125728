"""Norms of vectors and matrices: torch's."""

from collections.abc import Sequence
from typing import Any

import torch

Tensor = torch.Tensor


def norm(x: Tensor, ord: Any = None, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """A norm of vectors or matrices along axes."""
    if axis is None and ord is None:
        flat = torch.linalg.vector_norm(x)
        return flat.reshape((1,) * x.ndim) if keepdims else flat
    axes = tuple(range(x.ndim)) if axis is None else axis
    return torch.linalg.norm(x, ord, axes, keepdims)
