"""Activations that are recomputed in the backward pass: `torch.utils.checkpoint`.

The second run has to draw the same random numbers as the first. torch restores its global generators; those that seed
generators keep are noted in the first run, with their states, and set back for the second.
"""

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from kmb_backend_torch.random.draws import draws

States = dict[torch.Generator, torch.Tensor]


class _Noting:
    """Around the first run."""

    def __init__(self, states: States) -> None:
        self.states = states

    def __enter__(self) -> None:
        self.outer, draws.record = draws.record, self.states

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        draws.record = self.outer
        if self.outer is not None:
            for generator, state in self.states.items():
                self.outer.setdefault(generator, state)


class _Repeating:
    """Around the second run."""

    def __init__(self, states: States) -> None:
        self.states = states

    def __enter__(self) -> None:
        self.now = {generator: generator.get_state() for generator in self.states}
        for generator, state in self.states.items():
            generator.set_state(state)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for generator, state in self.now.items():
            generator.set_state(state)


def _runs() -> tuple[_Noting, _Repeating]:
    states: States = {}
    return _Noting(states), _Repeating(states)


def remat(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, keeping its arguments instead of what it computes on the way."""

    @functools.wraps(function)
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        return checkpoint(function, *args, use_reentrant=False, context_fn=_runs, **kwargs)

    return recomputed
