"""Products of matrices and tensors."""

from collections.abc import Callable
from functools import partial
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


def _of_integers(product: Callable[..., Tensor], dtype: torch.dtype, *operands: Tensor) -> Tensor:
    """A sum of products of integers, for which torch has kernels on the processor alone."""
    if operands[0].device.type == "cpu" or dtype.is_floating_point or dtype.is_complex:
        return product(*operands).to(dtype)
    if operands[0].dtype is torch.int64:  # which no float holds
        return product(*(x.cpu() for x in operands)).to(operands[0].device, dtype)
    return product(*(x.to(torch.float64) for x in operands)).to(torch.int64).to(dtype)


@with_unsigned
def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    """The matrix product."""
    if x1.dtype.is_floating_point:
        return torch.matmul(x1, x2)
    dtype, operands = _summable(x1, x2)
    return _of_integers(torch.matmul, dtype, *operands)


def einsum(subscripts: str, *operands: Tensor, **kwargs: Any) -> Tensor:
    """Sums of products."""
    if operands[0].dtype.is_floating_point:
        return torch.einsum(subscripts, *operands)
    dtype, operands = _summable(*operands)
    return _of_integers(partial(torch.einsum, subscripts), dtype, *operands)


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
    dims = axes if isinstance(axes, int) else [[a] if isinstance(a, int) else list(a) for a in axes]
    return _of_integers(partial(torch.tensordot, dims=dims), x1.dtype, x1, x2)


@with_unsigned
def outer(x1: Tensor, x2: Any) -> Tensor:
    """All products of an element of x1 and one of x2, which may be a number."""
    if not isinstance(x2, Tensor):
        return torch.mul(x1.reshape(-1, 1), x2)
    return torch.outer(x1.ravel(), x2.ravel())


@with_unsigned
def inner(x1: Tensor, x2: Any) -> Tensor:
    """The sum of products over both last axes; a number multiplies."""
    if not isinstance(x2, Tensor):
        return torch.mul(x1, x2)
    if x1.dtype is torch.bool:
        return _of_integers(torch.inner, x1.dtype, x1.to(torch.int32), x2.to(torch.int32))
    return _of_integers(torch.inner, x1.dtype, x1, x2)
