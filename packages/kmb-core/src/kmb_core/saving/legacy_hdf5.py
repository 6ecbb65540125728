"""HDF5 files in the layout before Keras 3: layers by name, the order of their arrays among the attributes.

What the file holds is listed and judged as that of every HDF5 file first. Its attributes are texts, and are read in
another process before they are read here: a small file can make them take any amount of memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from kmb_core.errors import CheckpointError, SecurityError, message
from kmb_core.saving.hdf5 import Listing, has_attribute, opened_hdf5
from kmb_core.saving.isolated import texts_are_small
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.stored import Stored

Arrays = list[tuple[str, Stored]]
_OWN = "top_level_model_weights"  # the group of the model's variables beside those of its layers


@dataclass(frozen=True)
class LegacyFile:
    """What a file in the old layout holds; its arrays can be read while it is open.

    Args:
        layers: the layers in their order, each with its name and arrays.
        own: the model's arrays beside those of its layers.
        optimizer: the optimizer's.
        texts: `model_config`, `training_config` and `keras_version` where they are there.
    """

    layers: list[tuple[str, Arrays]]
    own: Arrays = field(default_factory=list)
    optimizer: Arrays = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


@contextmanager
def stored_layers(source: BinaryIO, where: str, policy: LoadPolicy) -> Iterator[list[tuple[str, Arrays]]]:
    """The layers of a file of weights in the layout before Keras 3, in their order, with their arrays in theirs.

    Args:
        source: the file.
        where: what messages call it.
        policy: limits.

    Raises:
        CheckpointError: for a damaged file, one that is no HDF5, or one of another layout.
        SecurityError: for links and storage outside of the file.
    """
    with legacy_file(source, where, policy) as file:
        yield file.layers


@contextmanager
def legacy_file(source: BinaryIO, where: str, policy: LoadPolicy) -> Iterator[LegacyFile]:
    """Everything that a file in the layout before Keras 3 holds; see `stored_layers`."""
    with opened_hdf5(source, where) as file:
        found = Listing(where, policy, source).of(file)
        start = "" if has_attribute(file, where, "layer_names", "layer_names0") else "model_weights"
        if start and start not in file:
            raise CheckpointError(message(f"{where}: not a file in the layout before Keras 3"))
        if not texts_are_small(source):
            cause = "It may be made to fill the memory, or be damaged."
            raise SecurityError(message(f"{where} is refused: reading its attributes was tried and failed", cause))
        reader = _Reader(where, found)
        root = file[start] if start else file
        layers = [(name, reader.member(root, start, name)) for name in texts(root, "layer_names")]
        own = reader.member(root, start, _OWN) if _OWN in root else []
        optimizer = reader.member(file, "", "optimizer_weights") if "optimizer_weights" in file else []
        names = ("model_config", "training_config", "keras_version")
        yield LegacyFile(layers, own, optimizer, {n: reader.text(file, n) for n in names if n in file.attrs})


def is_legacy(source: BinaryIO, where: str) -> bool:
    """Whether an HDF5 file has the layout before Keras 3.

    Args:
        source: the file.
        where: what messages call it.

    Raises:
        CheckpointError: for a damaged file, or one that is no HDF5.
    """
    with opened_hdf5(source, where) as file:
        return has_attribute(file, where, "layer_names", "layer_names0", "model_config")


class _Reader:
    """One file, and what it was found to hold."""

    def __init__(self, where: str, found: dict[str, Stored]) -> None:
        self.where = where
        self.found = found

    def member(self, root: Any, start: str, name: str) -> Arrays:
        """The arrays of a group, in the order that it states."""
        if name not in root:
            raise CheckpointError(message(f"{self.where} is damaged: {name!r:.80} is listed, but not there"))
        path = f"{start}/{name}" if start else name
        names = texts(root[name], "weight_names")
        missing = [item for item in names if f"{path}/{item}" not in self.found]
        if missing:
            raise CheckpointError(message(f"{self.where} is damaged: {missing[:5]} of {name!r:.80} are not there"))
        return [(item, self.found[f"{path}/{item}"]) for item in names]

    def text(self, file: Any, name: str) -> str:
        """A text among the attributes."""
        value = file.attrs[name]
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if not isinstance(value, str):
            raise CheckpointError(message(f"{self.where} is damaged: its {name} is no text"))
        return value


def texts(holder: Any, name: str) -> list[str]:
    """A list of texts among the attributes; long ones are written in pieces, `name0`, `name1` and so on.

    Args:
        holder: a group of h5py.
        name: of the attribute.
    """
    attributes = holder.attrs
    pieces = [name] if name in attributes else []
    while not pieces or pieces[0] != name:
        following = f"{name}{len(pieces)}"
        if following not in attributes:
            break
        pieces.append(following)
    items = [item for piece in pieces for item in np.ravel(attributes[piece]).tolist()]
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in items]


__all__ = ["LegacyFile", "is_legacy", "legacy_file", "stored_layers", "texts"]
