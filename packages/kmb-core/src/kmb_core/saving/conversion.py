"""Files of one format to another: the arrays are copied one at a time, and no model is made of them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.errors import CheckpointError, message
from kmb_core.saving.archive import ASSETS, CONFIG, WEIGHTS, Archive, open_file
from kmb_core.saving.hdf5 import stored_arrays
from kmb_core.saving.inspection import kind_of
from kmb_core.saving.legacy_hdf5 import legacy_file
from kmb_core.saving.legacy_model import ENDINGS, read_legacy_model, read_legacy_weights
from kmb_core.saving.model_file import (
    MODEL_ENDING,
    WEIGHTS_ENDING,
    checked_path,
    read_model,
    write_described,
    write_model,
    write_weights,
)
from kmb_core.saving.paths import path_text
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.safetensors import stored_tensors
from kmb_core.saving.sharded import INDEX_ENDING
from kmb_core.saving.weights import Groups, groups_to_write
from kmb_core.saving.weights_file import TENSORS_ENDING, weights_in, write_groups

# What each kind of file ends in. A kind that can be read only is not among the endings of targets.
SOURCES = {"model": MODEL_ENDING, "weights": WEIGHTS_ENDING, "index": INDEX_ENDING, "tensors": TENSORS_ENDING}
TARGETS = (MODEL_ENDING, WEIGHTS_ENDING, INDEX_ENDING, TENSORS_ENDING)


@dataclass(frozen=True)
class Converted:
    """What was written."""

    source: str
    target: str
    arrays: int
    bytes: int


@dataclass(frozen=True)
class _Copied:
    """An array of the source, read when it is written."""

    stored: Any
    name: str | None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    @property
    def dtype(self) -> str:
        return self.stored.dtype

    def __call__(self) -> np.ndarray:
        return self.stored.read()


def convert_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    build: bool = False,
    max_shard_size: float | None = None,
    overwrite: bool = True,
    policy: LoadPolicy | None = None,
) -> Converted:
    """Write what is in a file as a file of another format.

    Args:
        source: a `.keras` file, `.weights.h5`, `.weights.json` with its files, `.safetensors`, or an `.h5` file in the
            layout before Keras 3, whose model is made on the current backend.
        target: ends in one of these, the last one excepted.
        model: a `.keras` file whose architecture the weights are of; for a `.keras` file made of weights alone.
        build: whether the model is made, on the current backend. Then tensors of a `.safetensors` file have the names
            of its variables, on both sides; else they are numbered.
        max_shard_size: gigabytes (2³⁰ bytes) of each file beside a `.weights.json`.
        overwrite: whether a file of this name may be replaced.
        policy: limits of reading.

    Raises:
        CheckpointError: for a file that cannot be read, another ending, weights that are not of the model.
        FileAccessError: where the target cannot be written.
    """
    source, policy = path_text(source), policy or LoadPolicy()
    path = checked_path(target, _ending(path_text(target)), overwrite)
    old = kind_of(source) == "old"
    if not old:
        _check_source(source, build, policy)
    if path.endswith(INDEX_ENDING) != (max_shard_size is not None):
        what = f"{path!r}: max_shard_size is for files that end in {INDEX_ENDING}, and needed there"
        raise CheckpointError(message(what, None, "max_shard_size=1, in gigabytes (--max-shard-size)."))
    if old:
        return _from_old(source, path, None if model is None else path_text(model), max_shard_size, policy)
    described_by = source if source.endswith(MODEL_ENDING) else None if model is None else path_text(model)
    if described_by is None and (build or path.endswith(MODEL_ENDING)):
        what = f"{source!r} holds weights without an architecture"
        raise CheckpointError(message(what, None, "Name a .keras file of the same model: model= (--model)."))
    made = read_model(described_by, policy=policy) if build and described_by else None
    with weights_in(source, policy, made) as (where, stored):
        groups = _groups(where, stored, made)
        if path.endswith(MODEL_ENDING):
            config, assets = _described(described_by or "", where, groups, policy)
            write_described(path, config, groups, assets)
        else:
            write_groups(path, groups, max_shard_size)
        return Converted(source, path, len(stored), sum(array.nbytes for array in stored.values()))


def _from_old(source: str, path: str, model: str | None, max_shard_size: float | None, policy: LoadPolicy) -> Converted:
    """A file in the layout before Keras 3, whose arrays have no places in today's: the model that is made has them."""
    if not source.endswith(ENDINGS):
        raise CheckpointError(message(f"{source!r} holds HDF5 in the layout before Keras 3: its name ends in .h5"))
    if model is None:
        made = read_legacy_model(source, policy=policy)
    else:
        made = read_model(model, policy=policy)
        read_legacy_weights(made, source, policy=policy)
    if path.endswith(MODEL_ENDING):
        write_model(made, path)
    else:
        write_weights(made, path, max_shard_size=max_shard_size)
    with open(source, "rb") as file, legacy_file(file, repr(source), policy) as found:
        arrays = [array for _, own in [*found.layers, ("", found.own)] for _, array in own]
        return Converted(source, path, len(arrays), sum(array.nbytes for array in arrays))


def _ending(target: str) -> str:
    return next((ending for ending in TARGETS if target.endswith(ending)), WEIGHTS_ENDING)


def _check_source(source: str, build: bool, policy: LoadPolicy) -> None:
    ending = SOURCES[kind_of(source)]
    if not source.endswith(ending):
        what = f"{source!r}: by what is in it, its name should end in {ending}"
        raise CheckpointError(message(what, None, "Give it that name; `kmb inspect` says what it is."))
    if ending == TENSORS_ENDING and not build:
        with open_file(source) as file, stored_tensors(file, repr(source), policy) as (_, metadata):
            if "paths" not in metadata:
                what = f"{source!r} does not say which variables its names mean: it is of another library"
                raise CheckpointError(message(what, None, "Pass model= and build=True (--model and --build)."))


def _groups(where: str, stored: Mapping[str, Any], made: Any) -> Groups:
    names = {}
    if made is not None:
        groups = groups_to_write(made)
        names = {f"{path}/{key}": fetch.name for path, (_, arrays) in groups.items() for key, fetch in arrays.items()}
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for path, array in stored.items():
        place, _, key = path.rpartition("/")
        found.setdefault(place, ("", {}))[1][key] = _Copied(array, names.get(path))
    return found


def _described(path: str, where: str, groups: Groups, policy: LoadPolicy) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The description and the assets of a model, after a comparison of its arrays with those that are written."""
    with Archive(path, policy) as archive:
        config, assets = archive.json(CONFIG), archive.assets()
        with archive.weights() as weights, stored_arrays(weights, f"{path!r}: {WEIGHTS}", policy) as stored:
            own = {place: array.shape for place, array in stored.items()}
    given = {f"{place}/{key}": array.shape for place, (_, arrays) in groups.items() for key, array in arrays.items()}
    wrong = sorted(place for place in own.keys() | given.keys() if own.get(place) != given.get(place))
    wrong = [place for place in wrong if not place.startswith("optimizer/")]
    if wrong:
        what = f"{where} holds no weights of {path!r}: {len(wrong)} arrays differ: {', '.join(wrong[:5])}"
        raise CheckpointError(message(what, "The architecture is another one."))
    return config, {ASSETS + name: content for name, content in assets.items()}


__all__ = ["Converted", "convert_file"]
