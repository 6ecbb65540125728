"""Linear equations: torch's, in float32 for 16-bit floats."""

import numpy as np
import torch

from kmb_backend_torch.ops.decompositions import narrowed, widened
from kmb_core.ops import solving as declared

Tensor = torch.Tensor


def solve(a: Tensor, b: Tensor) -> Tensor:
    """torch's."""
    try:
        return narrowed(a, torch.linalg.solve(widened(a), widened(b)))[0]
    except torch.linalg.LinAlgError:
        raise np.linalg.LinAlgError("ops.solve: the matrix is singular") from None


def inv(x: Tensor) -> Tensor:
    """torch's."""
    try:
        return narrowed(x, torch.linalg.inv(widened(x)))[0]
    except torch.linalg.LinAlgError:
        raise np.linalg.LinAlgError("ops.inv: the matrix is singular") from None


def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """torch's."""
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    columns = b.unsqueeze(-1) if vectors else b
    (x,) = narrowed(a, torch.linalg.solve_triangular(widened(a), widened(columns), upper=not lower))
    return x.squeeze(-1) if vectors else x


def pinv(x: Tensor, rcond: float | None = None) -> Tensor:
    """torch's, which has a derivative of its own. Compiled by Inductor it gives other numbers for complex matrices."""
    if x.is_complex() and torch.compiler.is_compiling():
        return declared.pinv.op.body(x, rcond)
    wide = widened(x)
    share = 10 * max(x.shape[-2:]) * torch.finfo(wide.dtype).eps if rcond is None else rcond
    return narrowed(x, torch.linalg.pinv(wide, rtol=share))[0]
