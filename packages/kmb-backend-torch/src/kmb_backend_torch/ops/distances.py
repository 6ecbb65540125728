"""Distances: torch's kernel, told not to work them out from products, which cancel for points close together."""

import torch

from kmb_backend_torch.ops.decompositions import narrowed, widened
from kmb_core.ops import distances as declared

Tensor = torch.Tensor


def cdist(x: Tensor, y: Tensor) -> Tensor:
    """torch's; of complex points by the declaration."""
    if x.is_complex():
        return declared.cdist.op.body(x, y)
    return narrowed(x, torch.cdist(widened(x), widened(y), compute_mode="donot_use_mm_for_euclid_dist"))[0]
