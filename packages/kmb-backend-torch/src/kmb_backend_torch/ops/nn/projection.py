"""Projections: one fused product, and rows of a table."""

import torch

Tensor = torch.Tensor

_linear = torch._C._nn.linear
_embedding = torch.embedding


def dense(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x @ kernel + bias` on the last axis.

    The transposed view costs nothing, and torch's backward gives the kernel's gradient in the kernel's own layout.
    """
    return _linear(x, kernel.t(), bias)


def embed(table: Tensor, indices: Tensor) -> Tensor:
    """Rows of a table."""
    if table.ndim != 2:  # torch's kernel takes a matrix only
        return table[indices.to(torch.int64)]
    if indices.dtype is not torch.int32 and indices.dtype is not torch.int64:
        indices = indices.to(torch.int64)
    try:
        return _embedding(table, indices)
    except IndexError as error:
        outside = indices[(indices < 0) | (indices >= len(table))]
        raise IndexError(f"ops.embed: index {int(outside[0])} is outside of a table of {len(table)} rows") from error
