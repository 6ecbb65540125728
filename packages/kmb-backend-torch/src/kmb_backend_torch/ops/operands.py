"""The second operand of a binary op, where torch's function takes tensors only."""

import torch

Operand = torch.Tensor | float | int | bool


def beside(x: torch.Tensor, value: Operand) -> torch.Tensor:
    """A Python number as a tensor of x's dtype and device; a tensor as it is."""
    return value if isinstance(value, torch.Tensor) else torch.full((), value, dtype=x.dtype, device=x.device)
