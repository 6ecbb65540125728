"""Scalar state that changes at every step: changed in place, and mirrored on the host without reading it back."""

import torch


def host_scalars(storage: torch.Tensor) -> int:
    """How often a tensor was written to: while that stays the same, a number read from it stays right."""
    return storage._version


def increment(storage: torch.Tensor) -> None:
    """Count up by one."""
    storage.add_(1)


def mean_update(total: torch.Tensor, count: torch.Tensor, value: torch.Tensor, weight: float) -> None:
    """Add a scalar to a running mean."""
    total.add_(value.detach(), alpha=weight)
    count.add_(weight)


def sum_update(total: torch.Tensor, count: torch.Tensor, summed: torch.Tensor, number: torch.Tensor | float) -> None:
    """Add a sum, and the number of what was summed, to a running mean."""
    total.add_(summed.detach())
    count.add_(number)
