"""Parts of complex numbers: torch's."""

import torch

from kmb_backend_torch.ops.decompositions import widened

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


def view_as_complex(x: torch.Tensor) -> torch.Tensor:
    """Complex numbers from pairs, in memory of their own."""
    if x.shape[-1:] != (2,) or x.is_complex():
        raise ValueError(f"no pairs of real numbers: {x.dtype}{list(x.shape)}")
    wide = widened(x)
    return torch.complex(wide[..., 0], wide[..., 1])
