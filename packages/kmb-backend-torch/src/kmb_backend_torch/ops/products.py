"""Products of matrices and tensors."""

from typing import Any

import torch

from kmb_backend_torch.ops.unsigned import with_unsigned

Tensor = torch.Tensor


def _summable(*operands: Tensor) -> tuple[torch.dtype, tuple[Tensor, ...]]:
    """The dtype of sums of products, and the operands as torch multiplies them: int8 gives int32, bool has none."""
    dtype = operands[0].dtype
    if dtype is torch.int8:
        return torch.int32, tuple(x.to(torch.int32) for x in operands)
    if dtype is torch.bool:
        return dtype, tuple(x.to(torch.int32) for x in operands)
    return dtype, operands


@with_unsigned
def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    """The matrix product."""
    if x1.dtype.is_floating_point:
        return torch.matmul(x1, x2)
    dtype, (x1, x2) = _summable(x1, x2)
    return torch.matmul(x1, x2).to(dtype)


def einsum(subscripts: str, *operands: Tensor, **kwargs: Any) -> Tensor:
    """Sums of products."""
    dtype, operands = _summable(*operands)
    return torch.einsum(subscripts, *operands).to(dtype)


@with_unsigned
def dot(x1: Tensor, x2: Any) -> Tensor:
    """The sum of products over the last axis of x1 and the last but one of x2; a number multiplies."""
    if not isinstance(x2, Tensor) or x1.ndim == 0 or x2.ndim == 0:
        return torch.mul(x1, x2)
    if x2.ndim <= 2:
        return matmul(x1, x2).to(x1.dtype)
    return tensordot(x1, x2, ([-1], [-2]))


def tensordot(x1: Tensor, x2: Tensor, axes: Any = 2) -> Tensor:
    """The sum of products over several axes."""
    if x1.dtype is torch.bool:
        return tensordot(x1.to(torch.int32), x2.to(torch.int32), axes).to(torch.bool)
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
    if not isinstance(x2, Tensor) or x1.dtype is not torch.bool:
        return torch.inner(x1, x2) if isinstance(x2, Tensor) else torch.mul(x1, x2)
    return torch.inner(x1.to(torch.int32), x2.to(torch.int32)).to(torch.bool)
