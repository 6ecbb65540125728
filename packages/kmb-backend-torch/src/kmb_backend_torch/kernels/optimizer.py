"""Whole optimizer steps in one call of a fused kernel, with the maths of the core's optimizers.

Adam here divides by `sqrt(v) + epsilon` before the bias correction, torch's kernel by `sqrt(v / (1 - beta_2^t)) +
eps`: the same with `eps = epsilon / sqrt(1 - beta_2^t)`. Steps, rates and corrections are numbers of the host, never
read back from a device.
"""

import math
from collections.abc import Sequence

import torch

Tensor = torch.Tensor
Tensors = Sequence[Tensor]


def adam_update(
    parameters: Tensors,
    gradients: Tensors,
    first: Tensors,
    second: Tensors,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float = 0.0,
    second_max: Tensors | None = None,
) -> None:
    """Update parameters and moments in place.

    Args:
        parameters, gradients, first, second, second_max: lists of tensors of equal shapes; second_max for AMSGrad.
        step: number of this step, from 1.
        weight_decay: decoupled: parameters shrink by learning_rate * weight_decay first.
    """
    correction = math.sqrt(1 - beta_2**step)
    for group in _groups(parameters, gradients, first, second, second_max or ()):
        parameters, gradients, first, second, maxima = group
        counter = torch.full((), float(step), device=parameters[0].device)
        with torch.no_grad():
            torch._fused_adamw_(
                parameters,
                gradients,
                first,
                second,
                maxima,
                [counter] * len(parameters),
                lr=learning_rate,
                beta1=beta_1,
                beta2=beta_2,
                weight_decay=weight_decay,
                eps=epsilon / correction,
                amsgrad=bool(maxima),
                maximize=False,
            )


def _groups(parameters: Tensors, gradients: Tensors, *slots: Tensors) -> list[list[list[Tensor]]]:
    """The lists as they are when all is of one dtype on one device, as it nearly always is; else split up.

    The kernels walk memory, not elements: a gradient that lies in another order than its parameter is reordered.
    """
    dtype, device = parameters[0].dtype, parameters[0].device
    uniform = True
    aligned = gradients
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        if parameter.dtype is not dtype or parameter.device != device:
            uniform = False
        if gradient.stride() != parameter.stride() or gradient.dtype is not parameter.dtype:
            aligned = list(aligned)
            aligned[index] = torch.empty_like(parameter).copy_(gradient)
    if uniform:
        return [[list(parameters), list(aligned), *map(list, slots)]]
    kinds: dict[tuple[torch.dtype, torch.device], list[int]] = {}
    for index, parameter in enumerate(parameters):
        kinds.setdefault((parameter.dtype, parameter.device), []).append(index)
    lists = (parameters, aligned, *slots)
    return [[[one[index] for index in chosen] if one else [] for one in lists] for chosen in kinds.values()]


def sgd_update(
    parameters: Tensors,
    gradients: Tensors,
    velocities: Tensors | None,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> None:
    """Update in place: `v = momentum * v - lr * g`, then `p += v` (Nesterov: `p += momentum * v - lr * g`)."""
    if any(g.dtype is not p.dtype for p, g in zip(parameters, gradients, strict=True)):
        gradients = [g.to(p.dtype) for p, g in zip(parameters, gradients, strict=True)]
    with torch.no_grad():
        if not velocities:
            torch._foreach_add_(parameters, gradients, alpha=-learning_rate)
            return
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, gradients, alpha=-learning_rate)
        if nesterov:
            torch._foreach_add_(parameters, velocities, alpha=momentum)
            torch._foreach_add_(parameters, gradients, alpha=-learning_rate)
        else:
            torch._foreach_add_(parameters, velocities)
