"""What torch can say of a function without or beside running it: output shapes, gradients, a compiled form."""

from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils import _pytree as pytree

from kmb_backend_torch.conversion import dtype_name, native_dtype
from kmb_backend_torch.placement import placement
from kmb_core.backend import KerasTensor

# Two sizes stand for an unknown one, each unlikely to appear by itself: what differs between the runs follows it.
_PROBES = (83, 89)


def abstract_call(function: Callable[..., Any], arguments: Any) -> Any:
    """Outputs of `function(*arguments)` as KerasTensors; `arguments` may be (args, kwargs).

    torch's fake tensors carry shapes only, so nothing is computed; sizes that follow an unknown one come out as None.
    """
    args, kwargs = arguments if _is_pair(arguments) else (arguments, {})
    with torch.no_grad():
        first, second = (_run(function, args, kwargs, size) for size in _PROBES)
    return pytree.tree_map(_symbolic, first, second)


def _is_pair(arguments: Any) -> bool:
    if not isinstance(arguments, tuple) or len(arguments) != 2:
        return False
    return isinstance(arguments[0], (tuple, list)) and isinstance(arguments[1], dict)


def _run(function: Callable[..., Any], args: Any, kwargs: Any, unknown: int) -> Any:
    with FakeTensorMode(allow_non_fake_inputs=True):
        fakes = pytree.tree_map(lambda x: _fake(x, unknown), (tuple(args), dict(kwargs)))
        return function(*fakes[0], **fakes[1])


def _fake(x: Any, unknown: int) -> Any:
    if not isinstance(x, KerasTensor):
        return x
    shape = [unknown if size is None else size for size in x.shape]
    return torch.empty(shape, dtype=native_dtype(x.dtype), device=placement.device)


def _symbolic(first: Any, second: Any) -> Any:
    if not isinstance(first, torch.Tensor):
        return first
    shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    return KerasTensor.like(shape, dtype_name(first))


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function under torch.compile."""
    return torch.compile(function)


def compiled_whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function under torch.compile, as one graph: what would break it in two is an error."""
    return torch.compile(function, fullgraph=True)


def value_and_gradients(
    function: Callable[..., torch.Tensor], arguments: list[torch.Tensor]
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """A scalar function's value and its gradients; zeros for an argument that it does not depend on."""
    leaves = [x.detach().requires_grad_(x.is_floating_point() or x.is_complex()) for x in arguments]
    with torch.enable_grad():
        value = function(*leaves)
    wanted = [x for x in leaves if x.requires_grad]
    if not value.requires_grad:
        return value, [torch.zeros_like(x) for x in leaves]
    found = iter(torch.autograd.grad(value, wanted, allow_unused=True, materialize_grads=True))
    return value.detach(), [next(found) if x.requires_grad else torch.zeros_like(x) for x in leaves]
