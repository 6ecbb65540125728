"""Functions made into others: torch.vmap, torch.func.jvp and torch.autograd.Function.

Branches and loops have no module here: torch is eager, and the core's Python loops are what it runs.
"""

from collections.abc import Callable
from typing import Any

import torch

from kmb_core.backend.derivatives import check_directions, gradients_of, result_and_gradient, value_and_aux
from kmb_core.backend.forms import common_size, leaves_of, outcome, packed_like
from kmb_core.plugins.contract import DECLARED

Tensor = torch.Tensor
Leaves = list[Tensor]
Found = tuple[Leaves, Any, Callable[..., Any]]  # a name: torch traces no subscripts of types
Tensors = tuple[Tensor, ...]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Apply a function to all slices at once."""
    if common_size("ops.vectorized_map", elements, 0) == 0:  # torch.vmap needs a slice
        return DECLARED["vectorized_map"].body(function, elements)
    form: list[Any] = [None]

    def flat(*leaves: Tensor) -> tuple[Tensor, ...]:
        form[0] = outcome("ops.vectorized_map", function(packed_like(elements, leaves)))
        return tuple(leaves_of(form[0]))

    leaves = torch.vmap(flat, randomness="different")(*leaves_of(elements))
    return packed_like(form[0], leaves)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative in a direction."""
    check_directions(primals, tangents)
    forms: list[Any] = [None, None]

    def flat(*leaves: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        forms[:] = value_and_aux(fun(*packed_like(tuple(primals), leaves)), has_aux)
        return tuple(leaves_of(forms[0])), tuple(leaves_of(forms[1]))

    directions = tuple(leaves_of(tangents))
    value, tangent, aux = torch.func.jvp(flat, tuple(leaves_of(primals)), directions, has_aux=True)
    found = (packed_like(forms[0], value), packed_like(forms[0], tangent))
    return (*found, packed_like(forms[1], aux)) if has_aux else found


def with_gradient(function: Callable[..., Any], *operands: Any) -> Any:
    """Call a function that supplies its own gradient."""
    form: list[Any] = [None]

    def call(leaves: Tensors) -> Found:
        arguments = packed_like(operands, leaves)
        form[0], gradient = result_and_gradient(function(*arguments))
        return leaves_of(form[0]), arguments, gradient

    results = _WithGradient.apply(call, *leaves_of(operands))
    return packed_like(form[0], results)


class _WithGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, call: Callable[..., Any], *leaves: Tensor) -> tuple[Tensor, ...]:
        results, arguments, gradient = call(leaves)
        ctx.save_for_backward(*leaves)
        ctx.call, ctx.found = call, (arguments, gradient)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        arguments, gradient = ctx.found
        if torch.is_grad_enabled():  # a derivative of the gradient is wanted, which the first run kept nothing for
            _, arguments, gradient = ctx.call(ctx.saved_tensors)
        return (None, *gradients_of(gradient, arguments, list(upstream)))
