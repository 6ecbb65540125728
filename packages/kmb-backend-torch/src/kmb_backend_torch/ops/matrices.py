"""Determinants: torch's, in float32 for 16-bit floats."""

import torch

_HALVES = (torch.float16, torch.bfloat16)


def slogdet(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Signs and logarithms of determinants."""
    sign, size = torch.linalg.slogdet(x.float() if x.dtype in _HALVES else x)
    return sign.to(x.dtype), size.to(x.dtype)
