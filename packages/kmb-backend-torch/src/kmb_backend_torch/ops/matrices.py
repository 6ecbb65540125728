"""Determinants: torch's, in float32 for 16-bit floats."""

import torch

from kmb_backend_torch.ops.decompositions import narrowed, widened


def slogdet(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Signs and logarithms of determinants."""
    return narrowed(x, *torch.linalg.slogdet(widened(x)))


def det(x: torch.Tensor) -> torch.Tensor:
    """torch's."""
    return narrowed(x, torch.linalg.det(widened(x)))[0]
