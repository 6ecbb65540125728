"""Parts of complex numbers: torch's."""

import torch

isreal = torch.isreal


def real(x: torch.Tensor) -> torch.Tensor:
    """The real part; real tensors as they are."""
    return torch.real(x) if x.is_complex() else x


def imag(x: torch.Tensor) -> torch.Tensor:
    """The imaginary part; zeros for real tensors."""
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)


def conjugate(x: torch.Tensor) -> torch.Tensor:
    """The conjugate, written out; real tensors as they are."""
    return torch.conj_physical(x) if x.is_complex() else x


conj = conjugate
