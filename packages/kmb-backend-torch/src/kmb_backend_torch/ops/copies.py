"""Copies: tensors can be overwritten."""

import torch


def copy(x: torch.Tensor) -> torch.Tensor:
    """A tensor of its own, through which gradients flow."""
    return x.clone()
