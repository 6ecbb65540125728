"""Steps of the optimizers beside Adam and SGD: each pass over memory is one call for all variables.

Every kernel takes (parameters, gradients, *slots, step, learning_rate, **settings), lists of tensors of equal shapes,
and changes parameters and slots in place. `step`, from 1, and rates are numbers of the host. The formulas are those of
the core's optimizers of the same names, with what is the same for all elements worked out in double precision.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

Tensor = torch.Tensor
Tensors = Sequence[Tensor]


def in_place(kernel: Callable[..., None]) -> Callable[..., None]:
    """The kernel without autograd, on gradients of the parameters' dtypes."""

    @functools.wraps(kernel)
    def run(parameters: Tensors, gradients: Tensors, *args: Any, **settings: Any) -> None:
        if any(g.dtype is not p.dtype for p, g in zip(parameters, gradients, strict=True)):
            gradients = [g.to(p.dtype) for p, g in zip(parameters, gradients, strict=True)]
        with torch.no_grad():
            kernel(parameters, gradients, *args, **settings)

    return run


def _move(held: Tensors, values: Tensors, keep: float) -> None:
    """Moving means, moved on by one value each."""
    torch._foreach_lerp_(held, values, 1 - keep)


def _move_squares(held: Tensors, gradients: Tensors, keep: float) -> None:
    torch._foreach_mul_(held, keep)
    torch._foreach_addcmul_(held, gradients, gradients, 1 - keep)


def _roots(squares: Tensors, correction: float, epsilon: float) -> list[Tensor]:
    """`sqrt(squares / correction) + epsilon`."""
    roots = torch._foreach_sqrt(squares)
    torch._foreach_div_(roots, math.sqrt(correction))
    torch._foreach_add_(roots, epsilon)
    return roots


@in_place
def adagrad_update(
    parameters: Tensors, gradients: Tensors, sums: Tensors, step: int, learning_rate: float, epsilon: float
) -> None:
    """Steps along gradients, over the roots of sums of squares."""
    torch._foreach_addcmul_(sums, gradients, gradients)
    roots = torch._foreach_add(sums, epsilon)
    torch._foreach_sqrt_(roots)
    torch._foreach_addcdiv_(parameters, gradients, roots, -learning_rate)


@in_place
def adadelta_update(
    parameters: Tensors,
    gradients: Tensors,
    squares: Tensors,
    of_steps: Tensors,
    step: int,
    learning_rate: float,
    rho: float,
    epsilon: float,
) -> None:
    """Steps as long as recent steps were, over recent gradients."""
    _move_squares(squares, gradients, rho)
    sizes, roots = torch._foreach_add(of_steps, epsilon), torch._foreach_add(squares, epsilon)
    torch._foreach_sqrt_(sizes)
    torch._foreach_sqrt_(roots)
    torch._foreach_div_(sizes, roots)
    torch._foreach_mul_(sizes, gradients)
    _move_squares(of_steps, sizes, rho)
    torch._foreach_add_(parameters, sizes, alpha=-learning_rate)


@in_place
def rmsprop_update(
    parameters: Tensors,
    gradients: Tensors,
    squares: Tensors,
    held: Tensors,
    means: Tensors,
    step: int,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> None:
    """Steps over the root of recent squares; with `means`, of recent variances; with `held`, through a momentum."""
    _move_squares(squares, gradients, rho)
    if means:
        torch._foreach_mul_(means, rho)
        torch._foreach_add_(means, gradients, alpha=1 - rho)
        roots = torch._foreach_addcmul(squares, means, means, -1.0)
        torch._foreach_add_(roots, epsilon)
    else:
        roots = torch._foreach_add(squares, epsilon)
    torch._foreach_sqrt_(roots)
    if held:
        torch._foreach_mul_(held, momentum)
        torch._foreach_addcdiv_(held, gradients, roots, learning_rate)
        torch._foreach_sub_(parameters, held)
    else:
        torch._foreach_addcdiv_(parameters, gradients, roots, -learning_rate)


@in_place
def adamax_update(
    parameters: Tensors,
    gradients: Tensors,
    means: Tensors,
    norms: Tensors,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Steps along a moving mean, over the largest recent gradients."""
    _move(means, gradients, beta_1)
    torch._foreach_mul_(norms, beta_2)
    torch._foreach_maximum_(norms, torch._foreach_abs(gradients))
    below = torch._foreach_add(norms, epsilon)
    torch._foreach_addcdiv_(parameters, means, below, -learning_rate / (1 - beta_1**step))


@in_place
def nadam_update(
    parameters: Tensors,
    gradients: Tensors,
    means: Tensors,
    squares: Tensors,
    products: Tensors,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's step from where the momentum will lead; `products` holds one scalar, the product of momentums so far."""
    now, later = (beta_1 * (1 - 0.5 * 0.96**t) for t in (step, step + 1))
    product = products[0].mul_(now)  # stays on its device: nothing waits for it
    _move(means, gradients, beta_1)
    _move_squares(squares, gradients, beta_2)
    steps = torch._foreach_mul(means, later / (1 - product * later))
    torch._foreach_add_(steps, torch._foreach_mul(gradients, (1 - now) / (1 - product)))
    torch._foreach_addcdiv_(parameters, steps, _roots(squares, 1 - beta_2**step, epsilon), -learning_rate)


@in_place
def lamb_update(
    parameters: Tensors,
    gradients: Tensors,
    means: Tensors,
    squares: Tensors,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's directions, as long as the parameters are."""
    _move(means, gradients, beta_1)
    _move_squares(squares, gradients, beta_2)
    steps = torch._foreach_div(means, _roots(squares, 1 - beta_2**step, epsilon))
    torch._foreach_div_(steps, 1 - beta_1**step)
    own, other = torch.stack(torch._foreach_norm(parameters)), torch.stack(torch._foreach_norm(steps))
    ratios = torch.where((own > 0) & (other > 0), own / other.clamp_min(1e-30), 1.0)
    torch._foreach_mul_(steps, ratios.mul_(learning_rate).unbind())
    torch._foreach_sub_(parameters, steps)


@in_place
def lion_update(
    parameters: Tensors,
    gradients: Tensors,
    means: Tensors,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
) -> None:
    """Steps of one size, along the signs of a mix of mean and gradient."""
    directions = torch._foreach_mul(means, beta_1)
    torch._foreach_add_(directions, gradients, alpha=1 - beta_1)
    torch._foreach_sign_(directions)
    torch._foreach_mul_(means, beta_2)
    torch._foreach_add_(means, gradients, alpha=1 - beta_2)
    torch._foreach_add_(parameters, directions, alpha=-learning_rate)


@in_place
def ftrl_update(
    parameters: Tensors,
    gradients: Tensors,
    sums: Tensors,
    linears: Tensors,
    step: int,
    learning_rate: float,
    power: float,
    l1: float,
    l2: float,
    shrinkage: float,
    beta: float,
) -> None:
    """The minimum of all linearized losses so far plus penalties."""
    inverse = 1 / learning_rate if learning_rate else math.inf
    changes = _to_the(sums, power)
    torch._foreach_addcmul_(sums, gradients, gradients)
    slopes = _to_the(sums, power)
    torch._foreach_sub_(changes, slopes)
    torch._foreach_add_(linears, gradients)
    if shrinkage:
        torch._foreach_add_(linears, parameters, alpha=2 * shrinkage)
    torch._foreach_addcmul_(linears, changes, parameters, inverse)
    torch._foreach_mul_(slopes, inverse)
    torch._foreach_add_(slopes, 2 * l2 + beta * inverse)
    torch._foreach_clamp_min_(slopes, 1e-38)  # 0 where a sum is: 0 / 0 would follow
    rests = torch._foreach_clamp_max(torch._foreach_clamp_min(linears, -l1), l1)
    torch._foreach_sub_(rests, linears)
    torch._foreach_div_(rests, slopes)
    torch._foreach_copy_(parameters, rests)


def _to_the(x: Tensors, power: float) -> list[Tensor]:
    return torch._foreach_sqrt(x) if power == 0.5 else torch._foreach_pow(x, power)


@in_place
def schedule_free_update(
    parameters: Tensors,
    gradients: Tensors,
    points: Tensors,
    squares: Tensors,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    warmup: int,
) -> None:
    """Adam's steps of a fast point; parameters lie between it and its average."""
    rate = learning_rate * min(1.0, step / warmup) if warmup else learning_rate
    _move_squares(squares, gradients, beta_2)
    torch._foreach_sub_(parameters, torch._foreach_mul(points, 1 - beta_1))
    torch._foreach_div_(parameters, beta_1)  # the average
    torch._foreach_addcdiv_(points, gradients, _roots(squares, 1 - beta_2**step, epsilon), -rate)
    torch._foreach_lerp_(parameters, points, 1 / step)
    torch._foreach_lerp_(parameters, points, 1 - beta_1)
