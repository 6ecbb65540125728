"""Norms of vectors and matrices: torch's."""

from collections.abc import Sequence
from typing import Any

import torch

from kmb_backend_torch.ops.decompositions import narrowed, widened
from kmb_core.shapes import normalize_axes

Tensor = torch.Tensor


def norm(x: Tensor, ord: Any = None, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """A norm of vectors or matrices along axes."""
    if not x.ndim:
        normalize_axes(axis, 0, "ops.norm")
    if axis is None and ord is None:
        flat = torch.linalg.vector_norm(x)
        return flat.reshape((1,) * x.ndim) if keepdims else flat
    axes = tuple(range(x.ndim)) if axis is None else axis
    if ord in (2, -2, "nuc"):  # by singular values, for which there is no 16-bit kernel
        return narrowed(x, torch.linalg.norm(widened(x), ord, axes, keepdims))[0]
    return torch.linalg.norm(x, ord, axes, keepdims)
