"""Models and weights from `.h5` files in the layout before Keras 3, which Keras 3 writes too. Such files are read only.

Arrays have no places there but an order: those of a layer are its trainable ones and then the others, and layers follow
one another as in `model.layers`, or are found by their names. All shapes are compared before anything is set.
"""

import os
import warnings
from collections.abc import Mapping
from typing import Any

from kmb_core.backend import use_backend
from kmb_core.errors import CheckpointError, message
from kmb_core.saving.archive import open_file
from kmb_core.saving.legacy_config import compile_config, model_config
from kmb_core.saving.legacy_hdf5 import Arrays, LegacyFile, is_legacy, legacy_file
from kmb_core.saving.model_file import backend_of, made, placed, variables_for
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.texts import json_object
from kmb_core.saving.weights import set_optimizer
from kmb_core.serialization import custom_object_scope

ENDINGS = (".h5", ".hdf5")


def has_legacy_layout(path: str) -> bool:
    """Whether there is an HDF5 file in the layout before Keras 3.

    Args:
        path: of the file.
    """
    if not path.endswith(ENDINGS) or not os.path.isfile(path):
        return False
    with open_file(path) as source:
        return is_legacy(source, repr(path))


def read_legacy_model(
    path: str,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    policy: LoadPolicy | None = None,
) -> Any:
    """Read a model from an `.h5` file; see `kmb_core.saving.load_model`."""
    policy, where = policy or LoadPolicy(), repr(path)
    with open_file(path) as source, legacy_file(source, where, policy) as file:
        if "model_config" not in file.texts:
            what = f"{where} holds weights alone, no model"
            raise CheckpointError(message(what, None, "Make the model and call model.load_weights(path)."))
        place = f"{where}: model_config"
        config = model_config(json_object(file.texts["model_config"], place, policy), place)
        arrays = {str(i): s for i, (_, s) in enumerate(a for _, arrays in file.layers for a in arrays)}
        with variables_for(arrays):
            model = made(config, custom_objects, place)
        with use_backend(backend_of(model)), placed(where):
            _load_in_order(model, file, where)
            if compile and "training_config" in file.texts:
                _compile(model, file, where, custom_objects, policy)
    return model


def read_legacy_weights(
    model: Any, path: str, skip_mismatch: bool = False, by_name: bool = False, policy: LoadPolicy | None = None
) -> None:
    """Set a model's weights from an `.h5` file; see `kmb_core.saving.load_weights`.

    Args:
        model: a built model.
        path: of the file.
        skip_mismatch: leave out layers that do not fit, with a warning; only with `by_name`.
        by_name: layers of the same name, wherever they stand; else one after the other.
        policy: limits.
    """
    if skip_mismatch and not by_name:
        what = f"{path!r}: skip_mismatch=True needs by_name=True for files in the layout before Keras 3"
        raise CheckpointError(message(what, "Without names, layers are told by their order alone."))
    where = repr(path)
    with (
        use_backend(backend_of(model)),
        open_file(path) as source,
        legacy_file(source, where, policy or LoadPolicy()) as file,
        placed(where),
    ):
        if by_name:
            _load_by_name(model, file, where, skip_mismatch)
        else:
            _load_in_order(model, file, where)


def _load_in_order(model: Any, file: LegacyFile, where: str) -> None:
    own = [layer for layer in model.layers if _variables(layer)]
    stored = [(name, arrays) for name, arrays in file.layers if arrays]
    if len(own) != len(stored):
        what = f"{where} does not fit {_called(model)}: {len(stored)} layers with weights, the model has {len(own)}"
        cause = "The file is of another architecture, or the model is not built."
        raise CheckpointError(message(what, cause, "by_name=True loads the layers that have the same names."))
    pairs = [(layer.name, _variables(layer), arrays) for layer, (_, arrays) in zip(own, stored, strict=True)]
    beside = _beside_layers(model)
    if beside or file.own:
        pairs.append((model.name, beside, file.own))
    problems = [problem for pair in pairs for problem in _problems(*pair)]
    if problems:
        raise _unfit(model, where, problems)
    for _, variables, arrays in pairs:
        _assign(variables, arrays)


def _load_by_name(model: Any, file: LegacyFile, where: str, skip_mismatch: bool) -> None:
    stored = dict(file.layers)
    pairs = [(layer.name, _variables(layer), stored[layer.name]) for layer in model.layers if layer.name in stored]
    beside = _beside_layers(model)
    if beside and file.own:
        pairs.append((model.name, beside, file.own))
    unfit = {name: problems for name, *rest in pairs if (problems := _problems(name, *rest))}
    if unfit:
        error = _unfit(model, where, [problem for problems in unfit.values() for problem in problems])
        if not skip_mismatch:
            raise error
        warnings.warn(f"{error}\nThese layers keep their values.", stacklevel=5)
    for name, variables, arrays in pairs:
        if name not in unfit:
            _assign(variables, arrays)


def _variables(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _beside_layers(model: Any) -> list[Any]:
    inside = {id(variable) for layer in model.layers for variable in layer.weights}
    return [variable for variable in _variables(model) if id(variable) not in inside]


def _problems(name: str, variables: list[Any], arrays: Arrays) -> list[str]:
    if len(variables) != len(arrays):
        return [f"layer {name!r}: {len(arrays)} arrays in the file, {len(variables)} weights in the model"]
    return [
        f"layer {name!r}: {stored_name} of shape {stored.shape}, {variable.path} has {tuple(variable.shape)}"
        for variable, (stored_name, stored) in zip(variables, arrays, strict=True)
        if tuple(variable.shape) != stored.shape
    ]


def _unfit(model: Any, where: str, problems: list[str]) -> CheckpointError:
    what = f"{where} does not fit {_called(model)}: {problems[0]}"
    rest = "\n".join(f"  {problem}" for problem in problems[1:40])
    remedy = "by_name=True, skip_mismatch=True loads what fits."
    return CheckpointError(message(what, "The file is of another architecture, or of other sizes.", remedy) + rest)


def _called(model: Any) -> str:
    return f"{type(model).__name__} {model.name!r}"


def _assign(variables: list[Any], arrays: Arrays) -> None:
    for variable, (_, stored) in zip(variables, arrays, strict=True):
        variable._load(stored)


def _compile(model: Any, file: LegacyFile, where: str, custom_objects: Any, policy: LoadPolicy) -> None:
    place = f"{where}: training_config"
    config = compile_config(json_object(file.texts["training_config"], place, policy), place)
    with custom_object_scope(dict(custom_objects or {})), placed(place):
        model.compile_from_config(config)
    if file.optimizer and model.optimizer is not None:
        set_optimizer("optimizer", model.optimizer, {str(i): s for i, (_, s) in enumerate(file.optimizer)})


__all__ = ["ENDINGS", "has_legacy_layout", "read_legacy_model", "read_legacy_weights"]
