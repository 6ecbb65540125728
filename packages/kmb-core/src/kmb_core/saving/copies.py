"""A model made anew on another backend, from the description and the arrays that a `.keras` file would hold.

Nothing is written: the description goes from the encoder to the decoder, the arrays from variable to variable. What a
file cannot hold (a lambda) cannot be moved either, and says so in the same words. Classes and functions of the user's
need not be registered, since those of the model are at hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import use_backend
from kmb_core.backend.selection import resolve_backend
from kmb_core.saving.model_file import assets_of, backend_of, load_assets, made, model_to_dict
from kmb_core.saving.places import places
from kmb_core.saving.weights import groups_to_write, load_weights


@dataclass(frozen=True)
class _Held:
    """An array in memory, as `load_weights` reads those of a file."""

    array: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> str:
        return self.array.dtype.name

    def read(self, out: np.ndarray | None = None) -> np.ndarray:
        if out is None:
            return np.array(self.array)
        out[...] = self.array
        return out


def model_on(model: Any, backend: Any) -> Any:
    """The same model on another backend: architecture, weights, compilation and the optimizer's state.

    Args:
        model: a model; it stays as it is.
        backend: the name of an installed backend, or a `Backend`.

    Returns:
        A new model, also where the backend is the model's own.

    Raises:
        ValueError: for a part that cannot be described, as in `save_model`.
        CheckpointError: where a class does not make of its config what wrote it.
    """
    target, where = resolve_backend(backend), f"model {model.name!r} for another backend"
    config = model_to_dict(model)
    with use_backend(backend_of(model)):
        groups, assets = groups_to_write(model), assets_of(model)
        arrays: dict[str, Any] = {
            f"{path}/{key}": _Held(np.asarray(fetch()))
            for path, (_, group) in groups.items()
            for key, fetch in group.items()
        }
    with use_backend(target):
        copy = made(config, own_objects(model), where)
        load_weights(copy, arrays, where)
        load_assets(copy, lambda: assets)
    return copy


def own_objects(model: Any) -> dict[str, Any]:
    """The user's classes and functions that a model is made of, by name, whether they are registered or not."""
    return {thing.__name__: thing for thing in _things(model) if not thing.__module__.startswith("kmb_core.")}


def _things(model: Any) -> Iterator[Any]:
    arguments = getattr(model, "_compile_arguments", None) or {}
    owners = [part for _, part in places(model)]
    values = [value for owner in owners for value in vars(owner).values()]
    for value in [*owners, *_leaves(values), *_leaves(list(arguments.values()))]:
        if isinstance(value, FunctionType):
            yield value
        elif hasattr(type(value), "get_config"):
            yield type(value).__dict__.get("__kmb_public__", type(value))


def _leaves(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from tree.flatten(value) if type(value) in (list, tuple, dict) else [value]


__all__ = ["model_on", "own_objects"]
