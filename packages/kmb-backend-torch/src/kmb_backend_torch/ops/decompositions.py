"""Decompositions: torch's, in float32 for 16-bit floats."""

from typing import Any

import numpy as np
import torch

Tensor = torch.Tensor

_HALVES = (torch.float16, torch.bfloat16)


def widened(x: Tensor) -> Tensor:
    """16-bit floats as float32."""
    return x.float() if x.dtype in _HALVES else x


def narrowed(like: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
    """What came of a 16-bit tensor, in its dtype; of others as it is."""
    return tuple(part.to(like.dtype) for part in parts) if like.dtype in _HALVES else tuple(parts)


def cholesky(x: Tensor, upper: bool = False) -> Tensor:
    """torch's lower factor, turned for the upper one."""
    try:
        (factor,) = narrowed(x, torch.linalg.cholesky(widened(x)))
    except torch.linalg.LinAlgError:
        raise np.linalg.LinAlgError("ops.cholesky: the matrix is not positive definite") from None
    return factor.mH.resolve_conj() if upper else factor


def lu_factor(x: Tensor) -> tuple[Tensor, Tensor]:
    """torch's, of singular matrices too; rows are counted from 0."""
    factors, pivots, _ = torch.linalg.lu_factor_ex(widened(x))
    return *narrowed(x, factors), pivots - 1


def qr(x: Tensor, mode: str = "reduced") -> tuple[Tensor, ...]:
    """torch's, which would take other modes, too."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode is 'reduced' or 'complete', got {mode!r}")
    return narrowed(x, *torch.linalg.qr(widened(x), mode))


def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """torch's; of a square matrix in the reduced form, which is the same and has derivatives."""
    if not compute_uv:
        return narrowed(x, torch.linalg.svdvals(widened(x)))[0]
    return narrowed(x, *torch.linalg.svd(widened(x), bool(full_matrices) and x.shape[-2:-1] != x.shape[-1:]))


def eigh(x: Tensor) -> tuple[Tensor, ...]:
    """torch's."""
    return narrowed(x, *torch.linalg.eigh(widened(x)))


def eig(x: Tensor) -> tuple[Tensor, Tensor]:
    """torch's."""
    values, vectors = torch.linalg.eig(widened(x))
    return values, vectors
