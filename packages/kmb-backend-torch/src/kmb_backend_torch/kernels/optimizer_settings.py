"""What an optimizer does beside its maths, for all variables at once: clipping, decay and moving averages."""

import torch

from kmb_backend_torch.kernels.optimizer_family import Tensor, Tensors


@torch.no_grad()
def clip_gradients(
    gradients: Tensors, norm: float | None, value: float | None, global_norm: float | None
) -> list[Tensor]:
    """Gradients of which none, no element, or not all together are longer than allowed."""
    if value is not None and norm is None and global_norm is None:
        return torch._foreach_clamp_max(torch._foreach_clamp_min(gradients, -value), value)
    lengths = torch.stack([length.float() for length in torch._foreach_norm(gradients)])
    if norm is not None:
        shares = norm / lengths.clamp_min_(norm)
    else:
        shares = (global_norm / torch.linalg.vector_norm(lengths).clamp_min_(global_norm)).expand(len(gradients))
    return torch._foreach_mul(gradients, shares.unbind())


@torch.no_grad()
def decay_update(parameters: Tensors, share: float) -> None:
    """Take a share of each parameter off."""
    torch._foreach_mul_(parameters, 1 - share)


@torch.no_grad()
def average_update(averages: Tensors, parameters: Tensors, momentum: float, overwrites: bool) -> None:
    """Move averages on; set the parameters to them where that is wanted."""
    torch._foreach_mul_(averages, momentum)
    torch._foreach_add_(averages, parameters, alpha=1 - momentum)
    if overwrites:
        torch._foreach_copy_(parameters, averages)
