"""Weights to and from files of every format, told by their endings.

`.weights.h5` is one HDF5 file, `.weights.json` the index of several, `.safetensors` what other libraries read; a
`.keras` file holds the first. Whatever is written is listed again, and compared, before it takes its place.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kmb_core.errors import CheckpointError, message
from kmb_core.saving.archive import WEIGHTS, Archive, open_file
from kmb_core.saving.atomic import atomic_file
from kmb_core.saving.hdf5 import stored_arrays, write_arrays
from kmb_core.saving.policy import UNLIMITED, LoadPolicy
from kmb_core.saving.safetensors import path_of, stored_tensors, tensor_names, write_tensors
from kmb_core.saving.sharded import GIGABYTE, INDEX_ENDING, sharded_arrays, write_shards
from kmb_core.saving.weights import Groups, check_written, groups_to_write

TENSORS_ENDING = ".safetensors"


def write_groups(path: str, groups: Groups, max_shard_size: float | None = None) -> None:
    """Write arrays to a file whose ending says how.

    Args:
        path: ends in `.weights.h5`, `.safetensors` or `.weights.json`.
        groups: what `groups_to_write` gives.
        max_shard_size: gigabytes of one file; for `.weights.json` only.
    """
    if path.endswith(INDEX_ENDING):
        return write_shards(path, groups, (max_shard_size or 0) * GIGABYTE)
    with atomic_file(path) as temporary:
        if path.endswith(TENSORS_ENDING):
            write_tensors(temporary, groups)
        else:
            write_arrays(temporary, groups)
        with opened_weights(temporary, path, UNLIMITED, groups) as stored:
            check_written(groups, stored, repr(path))


@contextmanager
def weights_in(path: str, policy: LoadPolicy, model: Any = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """What messages call the weights of a file, and its arrays by path; they can be read inside the `with`.

    Args:
        path: of the file.
        policy: limits.
        model: whose names of variables decide what names of tensors mean where the file does not say.
    """
    if path.endswith((TENSORS_ENDING, INDEX_ENDING, ".h5")):
        groups = groups_to_write(model) if path.endswith(TENSORS_ENDING) and model is not None else {}
        with opened_weights(path, path, policy, groups) as stored:
            yield repr(path), stored
        return
    where = f"{path!r}: {WEIGHTS}"
    with (
        Archive(path, policy) as archive,
        archive.weights() as weights,
        stored_arrays(weights, where, policy) as stored,
    ):
        yield where, stored


@contextmanager
def opened_weights(file: str, path: str, policy: LoadPolicy, groups: Groups) -> Iterator[dict[str, Any]]:
    """The arrays of a file by path.

    Args:
        file: where it is.
        path: where it will be; its ending says how it is read.
        policy: limits.
        groups: those of the model, for the names of tensors.
    """
    if path.endswith(INDEX_ENDING):
        with sharded_arrays(file, policy) as stored:
            yield dict(stored)
    elif path.endswith(TENSORS_ENDING):
        with open_file(file) as source, stored_tensors(source, repr(path), policy) as (tensors, metadata):
            yield _by_path(tensors, metadata, groups, repr(path))
    else:
        with open_file(file) as source, stored_arrays(source, repr(path), policy) as stored:
            yield dict(stored)


def _by_path(tensors: Mapping[str, Any], metadata: Mapping[str, str], groups: Groups, where: str) -> dict[str, Any]:
    own = {name: path for path, name in tensor_names(groups).items()}
    stated = _stated(metadata, where)
    paths = {name: stated.get(name) or own.get(name) or path_of(name) for name in tensors}
    if len(set(paths.values())) != len(paths):
        raise CheckpointError(message(f"{where} is damaged: two of its names mean the same variable"))
    return {paths[name]: tensor for name, tensor in tensors.items()}


def _stated(metadata: Mapping[str, str], where: str) -> dict[str, str]:
    try:
        stated = json.loads(metadata.get("paths", "{}")) if metadata.get("format") == "kmb" else {}
    except (ValueError, RecursionError):
        stated = None
    if not isinstance(stated, dict) or not all(isinstance(path, str) for path in stated.values()):
        raise CheckpointError(message(f"{where} is damaged: its metadata do not say what the names mean"))
    return stated


__all__ = ["TENSORS_ENDING", "opened_weights", "weights_in", "write_groups"]
