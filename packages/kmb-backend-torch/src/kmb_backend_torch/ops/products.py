"""Products of matrices and tensors."""

from typing import Any

import torch

from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor

matmul = with_unsigned(torch.matmul)
einsum = torch.einsum


@with_unsigned
def dot(x1: Tensor, x2: Any) -> Tensor:
    """The sum of products over the last axis of x1 and the last but one of x2; a number multiplies."""
    if not isinstance(x2, Tensor) or x1.ndim == 0 or x2.ndim == 0:
        return torch.mul(x1, x2)
    if x2.ndim <= 2:
        return torch.matmul(x1, x2)
    return torch.tensordot(x1, x2, dims=([-1], [-2]))


def tensordot(x1: Tensor, x2: Tensor, axes: Any = 2) -> Tensor:
    """The sum of products over several axes."""
    if isinstance(axes, int):
        return torch.tensordot(x1, x2, dims=axes)
    return torch.tensordot(x1, x2, dims=[[a] if isinstance(a, int) else list(a) for a in axes])


@with_unsigned
def outer(x1: Tensor, x2: Any) -> Tensor:
    """All products of an element of x1 and one of x2, which may be a number."""
    if not isinstance(x2, Tensor):
        return torch.mul(x1.reshape(-1, 1), x2)
    return torch.outer(x1.ravel(), x2.ravel())


@with_unsigned
def inner(x1: Tensor, x2: Any) -> Tensor:
    """The sum of products over both last axes; a number multiplies."""
    return torch.inner(x1, x2) if isinstance(x2, Tensor) else torch.mul(x1, x2)
