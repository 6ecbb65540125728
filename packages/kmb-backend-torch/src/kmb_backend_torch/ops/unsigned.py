"""Unsigned integers wider than a byte, for which torch has few kernels: computed in int64, given back as they came.

The native kernel is tried first, so that all other dtypes pay for one Python call. uint64 wraps round as it should in
sums and products; its order and division are right below 2^63.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch

UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)


def with_unsigned(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, for unsigned tensors too."""

    @functools.wraps(function)
    def op(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (NotImplementedError, RuntimeError):  # torch says it in both ways
            found = [x.dtype for x in _tensors(args) if x.dtype in UNSIGNED]
            if not found:
                raise
        wide = [_widened(x) for x in args]
        return _narrowed(function(*wide, **{k: _widened(v) for k, v in kwargs.items()}), found[0])

    return op


def _tensors(args: tuple[Any, ...]) -> list[torch.Tensor]:
    return [x for a in args for x in (a if isinstance(a, (list, tuple)) else (a,)) if isinstance(x, torch.Tensor)]


def _widened(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_widened, x))
    return x.to(torch.int64) if isinstance(x, torch.Tensor) and x.dtype in UNSIGNED else x


def _narrowed(x: Any, dtype: torch.dtype) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(_narrowed(item, dtype) for item in x)
    return x.to(dtype) if x.dtype is torch.int64 else x
