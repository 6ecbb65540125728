"""Everything that a run of `fit` carries from batch to batch, in one file of arrays.

Plain data is written as JSON, arrays beside it: reading a file runs nothing from it.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from kmb_core.errors import CheckpointError, message
from kmb_core.random.seed_generator import SeedGenerator
from kmb_core.saving.atomic import atomic_file
from kmb_core.training.callbacks.callback import Callback

_ARRAY = "__array__"
_NOT_STATE = frozenset({"params", "_model", "model", "_hooks"})


class Unstorable(TypeError):
    """A value that is no plain data."""


def run_variables(model: Any) -> list[Any]:
    """The variables of a model, of its metrics and of its optimizer, each once."""
    optimizer = [] if model.optimizer is None else model.optimizer.variables
    listed = [*model.variables, *model.metrics_variables, *optimizer]
    return list({id(variable): variable for variable in listed}.values())


def seed_generators(model: Any) -> Iterator[SeedGenerator]:
    """The seed generators of a model's layers."""
    for layer in model._flatten_layers():
        for value in vars(layer).values():
            if isinstance(value, SeedGenerator):
                yield value


def variables_state(model: Any) -> list[dict[str, Any]]:
    """Paths and values of all variables."""
    return [{"path": v.path, "dtype": v.dtype, "value": _bits(v.numpy())} for v in run_variables(model)]


def set_variables(model: Any, state: list[dict[str, Any]]) -> None:
    """Set all variables.

    Raises:
        CheckpointError: where the model, its metrics or its optimizer are others than those that were stored.
    """
    variables = run_variables(model)
    stored = [(one["dtype"], one["value"].shape) for one in state]
    own = [(variable.dtype, tuple(variable.shape)) for variable in variables]
    if stored != own:
        what = f"BackupAndRestore: the backup holds {len(stored)} variables, the model has {len(own)}, or other shapes"
        cause = "The model, its metrics or its optimizer were changed since."
        raise CheckpointError(message(what, cause, "Remove the folder of the backup to start anew."))
    for variable, one in zip(variables, state, strict=True):
        value = one["value"]
        variable.assign(value if value.dtype.name == one["dtype"] else value.view(variable.numpy().dtype))


def _bits(array: np.ndarray) -> np.ndarray:
    """The array; what NumPy itself has no dtype for (bfloat16) as whole numbers of the same bits."""
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


def callbacks_state(callbacks: list[Callback]) -> list[dict[str, Any]]:
    """The attributes of callbacks that are plain data or arrays."""
    return [{"class": type(callback).__name__, "state": _plain_attributes(callback)} for callback in callbacks]


def set_callbacks(callbacks: list[Callback], state: list[dict[str, Any]]) -> None:
    """Set these attributes; callbacks of one class are told apart by their order."""
    left: dict[str, list[dict[str, Any]]] = {}
    for one in state:
        left.setdefault(one["class"], []).append(one["state"])
    for callback in callbacks:
        stored = left.get(type(callback).__name__)
        if stored:
            callback.__dict__.update(stored.pop(0))


def _plain_attributes(callback: Callback) -> dict[str, Any]:
    found = {}
    for name, value in vars(callback).items():
        try:
            _encoded(value, [])
        except Unstorable:
            continue
        if name not in _NOT_STATE:
            found[name] = value
    return found


# Files ---------------------------------------------------------------------------------------------------------------


def write_state(path: str, state: Any) -> None:
    """Write nested plain data and arrays; the file is there whole or not at all."""
    arrays: list[np.ndarray] = []
    text = json.dumps(_encoded(state, arrays))
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with atomic_file(path) as temporary, open(temporary, "wb") as file:
        named = {f"array_{index}": array for index, array in enumerate(arrays)}
        np.savez(file, structure=np.frombuffer(text.encode(), "uint8"), **named)


def read_state(path: str) -> Any:
    """What `write_state` wrote.

    Raises:
        CheckpointError: for a file that is damaged, or another one.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            text = file["structure"].tobytes().decode()
            return json.loads(text, object_hook=lambda held: _decoded(held, file))
    except Exception as error:  # of a damaged file, NumPy and zipfile raise whatever they stumble over
        what = f"BackupAndRestore: {path!r} is no backup: {error}"
        raise CheckpointError(message(what, "The file is damaged.", "Remove it to start anew.")) from error


def _decoded(held: dict[str, Any], file: Any) -> Any:
    if _ARRAY not in held:
        return held
    array = file[f"array_{held[_ARRAY]}"]
    return array[()] if held["scalar"] else array


def _encoded(value: Any, arrays: list[np.ndarray]) -> Any:
    if value is None or value.__class__ in (bool, int, float, str):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufcU":
        arrays.append(np.asarray(value))
        return {_ARRAY: len(arrays) - 1, "scalar": isinstance(value, np.generic)}
    if value.__class__ in (list, tuple):
        return [_encoded(item, arrays) for item in value]
    if value.__class__ is dict and all(key.__class__ is str for key in value):
        return {key: _encoded(item, arrays) for key, item in value.items()}
    raise Unstorable(f"{value!r:.60} is no plain data")
