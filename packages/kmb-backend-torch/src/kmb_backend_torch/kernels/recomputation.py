"""Activations that are recomputed in the backward pass: `torch.utils.checkpoint`."""

import functools
from collections.abc import Callable
from typing import Any

import torch


def remat(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, keeping its arguments instead of what it computes on the way.

    torch restores its global generators for the second run, so that dropout without a seed draws the same mask again.
    """

    @functools.wraps(function)
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        return torch.utils.checkpoint.checkpoint(function, *args, use_reentrant=False, **kwargs)

    return recomputed
