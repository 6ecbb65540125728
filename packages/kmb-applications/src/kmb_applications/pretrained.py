"""Weights for a finished model: none, the published ones, or a file's.

The published files were written by Keras 2: groups of layers in order, each with its arrays in order. Names in them are
those of their time, so arrays are matched by place, and every shape has to agree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kmb_core import errors, utils
from kmb_core.saving import LoadPolicy
from kmb_core.saving.legacy_hdf5 import stored_layers


@dataclass(frozen=True)
class File:
    """A published file: where it lies, what it is called in the cache, and its MD5 or SHA-256."""

    address: str
    name: str
    digest: str | None = None


def check(model: str, weights: Any) -> None:
    """Refuse weights that are neither None, "imagenet" nor an existing file.

    Raises:
        MissingFileError: naming the model and what was asked for.
    """
    if weights is None or (isinstance(weights, str) and weights == "imagenet") or _is_file(weights):
        return
    raise errors.MissingFileError(
        errors.message(
            f'{model}: weights={weights!r}, expected None, "imagenet" or the path of a file that exists.',
            remedy="Check the spelling, or pass the path of a .weights.h5 file.",
        )
    )


def _is_file(weights: Any) -> bool:
    return isinstance(weights, (str, os.PathLike)) and os.path.isfile(weights)


def load(model: Any, weights: Any, published: File | None) -> None:
    """Give a model the weights asked for; `published` is what "imagenet" stands for."""
    if weights is None:
        return
    if weights == "imagenet":
        _load_published(model, published)
    else:
        _load_file(model, os.fspath(weights))


def _load_published(model: Any, file: File) -> None:
    path = _downloaded(file)
    try:
        _load_file(model, path)
    except (errors.CheckpointError, errors.SecurityError):
        # Without a digest nobody noticed that it is a page of an error, say: the next call shall not find it again.
        if file.digest is None:
            Path(path).unlink(missing_ok=True)
        raise


def _load_file(model: Any, path: str) -> None:
    if path.endswith((".weights.h5", ".keras")):
        model.load_weights(path)
    else:
        _load_by_place(model, path)


def _downloaded(file: File) -> str:
    return utils.get_file(file.name, file.address, cache_subdir="models", file_hash=file.digest)


def _load_by_place(model: Any, path: str) -> None:
    with open(path, "rb") as source, stored_layers(source, path, LoadPolicy()) as found:
        stored = [(name, arrays) for name, arrays in found if arrays]
        own = [layer for layer in model.layers if layer.weights]
        if len(own) != len(stored):
            raise _mismatch(path, f"{len(stored)} layers with weights, {model.name} has {len(own)}")
        for layer, (name, arrays) in zip(own, stored, strict=True):
            # All are compared before the first is set, so that a wrong file leaves the model as it was.
            shapes, expected = [array.shape for _, array in arrays], [tuple(w.shape) for w in layer.weights]
            if shapes != expected:
                raise _mismatch(path, f"{name} of shapes {shapes}, {layer.name} has {expected}")
        for layer, (_, arrays) in zip(own, stored, strict=True):
            layer.set_weights([array.read() for _, array in arrays])


def _mismatch(path: str, difference: str) -> errors.CheckpointError:
    return errors.CheckpointError(
        errors.message(
            f"{path}: the weights do not fit the model: {difference}.",
            "The file belongs to another architecture, number of classes or include_top.",
        )
    )
