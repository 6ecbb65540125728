"""Models to and from checkpoints of Orbax, as `callbacks.OrbaxCheckpoint` writes them; laid out as Keras 3 does.

A checkpoint is a folder of several things: `pytree`, the state of the variables by path; and for a whole model
`model_config`, its description as JSON, and `assets`, the files that layers keep, as arrays of bytes.
"""

import json
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kmb_core._optional import optional
from kmb_core.backend import use_backend
from kmb_core.errors import CheckpointError, SecurityError, message
from kmb_core.saving.archive import ASSETS
from kmb_core.saving.model_file import assets_of, backend_of, load_assets, made, model_to_dict, variables_for
from kmb_core.saving.paths import path_text
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.texts import json_object
from kmb_core.serialization import compiling

WEIGHTS, OPTIMIZER = ("trainable_variables", "non_trainable_variables"), "optimizer_variables"
_MARK = "_CHECKPOINT_METADATA"


def orbax(purpose: str) -> Any:
    """Orbax's interface for checkpoints.

    Args:
        purpose: what needs it, for the message.

    Raises:
        ImportError: when it is not installed, with the command that installs it.
    """
    optional("orbax.checkpoint", "orbax-checkpoint", "orbax", purpose)
    return optional("orbax.checkpoint.experimental.v1", "orbax-checkpoint", "orbax", purpose)


def checkpoint_in(path: str | os.PathLike[str]) -> str | None:
    """The checkpoint that a path means.

    Args:
        path: a checkpoint, or a folder of them, whose names are the numbers of steps.

    Returns:
        The checkpoint, of several the latest; None where there is none.
    """
    path = path_text(path)
    if os.path.exists(os.path.join(path, _MARK)):
        return path
    names = os.listdir(path) if os.path.isdir(path) else []
    steps = [name for name in names if name.isdecimal() and os.path.exists(os.path.join(path, name, _MARK))]
    return os.path.join(path, max(steps, key=int)) if steps else None


# Writing -------------------------------------------------------------------------------------------------------------


def checkpointables(model: Any, weights_only: bool) -> dict[str, Any]:
    """What is written of a model.

    Args:
        model: a built model.
        weights_only: whether its description and the state of the optimizer are left out.

    Returns:
        The parts of a checkpoint by name.
    """
    kernel = model._backend.kernels.get("checkpoint_value")
    groups = model._state_groups()
    chosen = {name: groups[name] for name in (WEIGHTS if weights_only else groups)}
    tree = {name: _nested({v.path: v for v in variables}, kernel or _array) for name, variables in chosen.items()}
    if weights_only:
        return {"pytree": tree}
    parts: dict[str, Any] = {"pytree": tree, "model_config": {"config": json.dumps(model_to_dict(model))}}
    assets = {name.removeprefix(ASSETS): content for name, content in assets_of(model).items() if content}
    if assets:
        parts["assets"] = _nested(assets, lambda content: np.frombuffer(content, "uint8"))
    return parts


def _array(variable: Any) -> np.ndarray:
    return np.array(variable.numpy())  # written in the background: a copy, whatever the variable does meanwhile


def _nested(values: Mapping[str, Any], stored: Any) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = path.split("/")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
        if 0 not in getattr(value, "shape", ()):  # Orbax refuses arrays without elements
            place[last] = stored(value)
    return nested


# Reading -------------------------------------------------------------------------------------------------------------


def read_model_folder(path: str, custom_objects: Mapping[str, Any] | None = None, compile: bool = True) -> Any:
    """Make the model of a checkpoint.

    Args:
        path: the checkpoint.
        custom_objects: {name: class or function} beside what is registered.
        compile: whether the model is compiled as it was when it was saved.

    Returns:
        The model, on the current backend.

    Raises:
        CheckpointError: for a checkpoint that is damaged, or holds weights alone.
    """
    parts = _read(path, "load_model")
    if "model_config" not in parts:
        what = f"{path!r} holds no model, but weights alone"
        raise CheckpointError(message(what, "It was saved with save_weights_only=True.", "Use model.load_weights."))
    groups = _groups(parts)
    everything = {f"{name}/{key}": value for name, group in groups.items() for key, value in group.items()}
    with compiling(compile), variables_for(everything):
        where = f"{path!r}: model_config"
        model = made(_config(parts, where), custom_objects, where)
    with use_backend(backend_of(model)):
        _set(model, groups, path)
        assets = dict(_leaves(parts.get("assets", {})))
        load_assets(model, lambda: {key: value.tobytes() for key, value in assets.items()}, repr(path))
    return model


def read_weights_folder(model: Any, path: str) -> None:
    """Set a model's variables, and its optimizer's where they are there, from a checkpoint.

    Args:
        model: a built model.
        path: the checkpoint.

    Raises:
        CheckpointError: for a damaged checkpoint, and for one of other variables; then nothing was changed.
    """
    with use_backend(backend_of(model)):
        _set(model, _groups(_read(path, "load_weights")), path)


def _config(parts: Mapping[str, Any], where: str) -> dict[str, Any]:
    held = parts["model_config"]
    text = held.get("config") if isinstance(held, Mapping) else None
    if not isinstance(text, str):
        raise CheckpointError(message(f"{where} holds no text", "The checkpoint is damaged."))
    return json_object(text, where, LoadPolicy())


def _refuse_links(path: str) -> None:
    """A checkpoint holds files and folders: a link in it may lead to any file."""
    for folder, names, files in os.walk(path):
        for name in [*names, *files]:
            if os.path.islink(os.path.join(folder, name)):
                what = f"{path!r} is refused: {os.path.relpath(os.path.join(folder, name), path)!r} is a symbolic link"
                raise SecurityError(message(what, "Orbax writes none."))


def _read(path: str, purpose: str) -> dict[str, Any]:
    package = orbax(f"{purpose} of a checkpoint of Orbax")
    _refuse_links(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sharding info not provided")  # all becomes arrays of the host
            return package.load_checkpointables(os.path.abspath(path))
    except Exception as error:
        raise CheckpointError(message(f"{path!r} is no whole checkpoint of Orbax: {error}")) from error


def _groups(parts: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    return {name: dict(_leaves(tree)) for name, tree in parts.get("pytree", {}).items()}


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}/")
        else:
            yield prefix + key, np.asarray(value)


def _set(model: Any, groups: Mapping[str, Mapping[str, np.ndarray]], path: str) -> None:
    own = {variable.path: variable for variable in model.variables if math.prod(variable.shape)}
    stored = _by_own_paths(own, {key: value for name in WEIGHTS for key, value in groups.get(name, {}).items()})
    problems = _differences(own, stored)
    if problems:
        what = f"{path!r} does not fit {type(model).__name__} {model.name!r}: {'; '.join(problems)}"
        cause = "It is of another architecture, or layers have other names: variables are found by their paths."
        raise CheckpointError(message(what, cause, "Load it into a model made in the same way."))
    for key, variable in own.items():
        variable.assign(stored[key])
    if groups.get(OPTIMIZER) and getattr(model, "optimizer", None) is not None:
        _set_optimizer(model, groups[OPTIMIZER], path)


def _set_optimizer(model: Any, stored: Mapping[str, np.ndarray], path: str) -> None:
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    # Below the optimizer's own name, which has a counter.
    own = {variable.path.partition("/")[2]: variable for variable in model.optimizer.variables}
    stored = _by_own_paths(own, {key.partition("/")[2]: value for key, value in stored.items()})
    # One that was saved before any step has the first variables only; the others keep their initial values.
    problems = _differences({key: own[key] for key in own if key in stored}, stored)
    if problems:
        what = f"{path!r}: the optimizer's state does not fit {type(model.optimizer).__name__}: {'; '.join(problems)}"
        warnings.warn(message(what, "It starts afresh; the weights are those of the checkpoint."), stacklevel=5)
        return
    for key, value in stored.items():
        own[key].assign(value)


def _by_own_paths(own: Mapping[str, Any], stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays by the paths that the variables have here.

    A path may begin with the name of its model, which may have a counter: a Sequential that is read from a file leaves
    it out. So where a path is not found, the only one that is the same but for its beginning is meant.
    """
    renamed = {}
    for key, value in stored.items():
        same = [path for path in own if _same_end(path, key)] if key not in own else []
        renamed[same[0] if len(same) == 1 and same[0] not in stored else key] = value
    return renamed


def _same_end(path: str, key: str) -> bool:
    if key.endswith((f"/{path}", f"_{path}")) or path.endswith((f"/{key}", f"_{key}")):
        return True
    (_, found, end), other = path.partition("/"), key.partition("/")[2]
    return bool(found) and end == other


def _differences(own: Mapping[str, Any], stored: Mapping[str, np.ndarray]) -> list[str]:
    missing = [f"missing {key}" for key in own if key not in stored]
    unexpected = [f"unexpected {key}" for key in stored if key not in own]
    other = [
        f"{key} is {stored[key].shape}, expected {tuple(variable.shape)}"
        for key, variable in own.items()
        if key in stored and stored[key].shape != tuple(variable.shape)
    ]
    return missing + unexpected + other
