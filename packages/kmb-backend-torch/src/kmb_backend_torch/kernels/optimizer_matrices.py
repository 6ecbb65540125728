"""Steps of the optimizers that treat matrices as matrices: Adafactor and Muon.

Sums along rows and columns have no kernel for lists, so Adafactor makes these matrix by matrix and all else at once.
Muon's matrix products are batched over the matrices of one shape.
"""

import torch

from kmb_backend_torch.kernels.optimizer_family import Tensor, Tensors, in_place


@in_place
def adafactor_update(
    parameters: Tensors,
    gradients: Tensors,
    rows: Tensors,
    columns: Tensors,
    velocities: Tensors,
    step: int,
    learning_rate: float,
    decay: float,
    epsilon_1: float,
    epsilon_2: float,
    threshold: float,
    relative: bool,
) -> None:
    """Steps over roots of means of squares, which of matrices are known by their rows and columns alone."""
    rate = min(learning_rate, step**-0.5) if relative else learning_rate
    moves = 1 - (1 - step**decay)
    squares = torch._foreach_mul(gradients, gradients)
    torch._foreach_add_(squares, epsilon_1)
    vectors = [i for i, parameter in enumerate(parameters) if parameter.ndim < 2]
    if vectors:
        torch._foreach_lerp_([velocities[i] for i in vectors], [squares[i] for i in vectors], moves)
    for i, parameter in enumerate(parameters):
        if parameter.ndim >= 2:
            row = rows[i].lerp_(squares[i].mean(-1), moves)
            column = columns[i].lerp_(squares[i].mean(-2), moves)
            share = row / row.mean(-1, keepdim=True)
            torch.mul(share.unsqueeze(-1), column.unsqueeze(-2), out=velocities[i])
    steps = torch._foreach_rsqrt(velocities)
    torch._foreach_mul_(steps, gradients)
    sizes = torch.stack(_root_mean_squares(parameters)).clamp_min_(epsilon_2)
    excess = torch.stack(_root_mean_squares(steps)).div_(threshold).clamp_min_(1.0)
    torch._foreach_mul_(steps, sizes.div_(excess).mul_(rate).unbind())
    torch._foreach_sub_(parameters, steps)


def _root_mean_squares(x: Tensors) -> list[Tensor]:
    norms = torch._foreach_norm(x)
    torch._foreach_div_(norms, [max(1, one.numel()) ** 0.5 for one in x])
    return norms


@in_place
def muon_update(
    parameters: Tensors,
    gradients: Tensors,
    momentums: Tensors,
    step: int,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    steps: int,
    coefficients: tuple[float, float, float],
    epsilon: float,
    rms_rate: float | None,
) -> None:
    """Steps along the orthogonal parts of momentums."""
    torch._foreach_mul_(momentums, momentum)
    torch._foreach_add_(momentums, gradients)
    directions = torch._foreach_mul(momentums, momentum) if nesterov else momentums
    if nesterov:
        torch._foreach_add_(directions, gradients)
    kinds: dict[tuple[torch.Size, torch.dtype, torch.device], list[int]] = {}
    for index, one in enumerate(directions):
        kinds.setdefault((one.shape, one.dtype, one.device), []).append(index)
    for (shape, _, _), chosen in kinds.items():
        found = _orthogonal(torch.stack([directions[i] for i in chosen]), steps, coefficients, epsilon)
        scale = max(1.0, shape[-2] / shape[-1]) ** 0.5 if rms_rate is None else rms_rate * max(shape[-2:]) ** 0.5
        torch._foreach_add_([parameters[i] for i in chosen], found.unbind(), alpha=-learning_rate * scale)


def _orthogonal(x: Tensor, steps: int, coefficients: tuple[float, float, float], epsilon: float) -> Tensor:
    a, b, c = coefficients
    shape = x.shape
    tall = shape[-2] > shape[-1]
    x = x.reshape(-1, *shape[-2:])
    x = x.mT if tall else x
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + epsilon)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).reshape(shape)
