"""HDF5 as far as weights need it: groups of arrays.

Reading makes a list of everything in the file first, without touching data, and refuses what could reach out of the
file or cost memory that no weight needs: soft and external links, external and virtual storage, filters that come from
plugins, types other than numbers, sizes out of proportion to the file's. Arrays are read one at a time when somebody
asks.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from kmb_core.dtypes.arrays import numpy_dtype
from kmb_core.errors import CheckpointError, DTypeError, KmbError, SecurityError, message
from kmb_core.saving.isolated import is_dense, is_in_heap, survives
from kmb_core.saving.new_hdf5 import new_hdf5
from kmb_core.saving.policy import MEBIBYTE, UNLIMITED, LoadPolicy
from kmb_core.saving.stored import Stored, damaged

_FILTERS = frozenset({1, 2, 3, 32000})  # gzip, shuffle, checksum, lzf: those that h5py itself has
_NAME_BYTES = 64 * 1024  # of an attribute that is read
_ATTRIBUTES = 8  # of an array; Keras writes one, and more may be stored in a way that damage makes crash


def write_arrays(target: Any, groups: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
    """Write a new HDF5 file.

    Args:
        target: a path, or a binary file.
        groups: {path: (the group's `name`, {key: array})}; an array may be a function that gives it.
    """
    with new_hdf5(target) as file:
        for path, (name, arrays) in groups.items():
            group = file.create_group(path)
            group.attrs["name"] = name
            for key, array in arrays.items():
                write_array(group, key, array() if callable(array) else array)


def write_array(group: Any, key: str, array: np.ndarray) -> None:
    """Write an array into a group of an open file."""
    if array.dtype.isbuiltin == 2:  # added to NumPy by ml_dtypes: bfloat16 and 8-bit floats
        group.create_dataset(key, data=array.view(f"V{array.dtype.itemsize}")).attrs["dtype"] = array.dtype.name
    elif array.dtype.kind in "biufc":
        group.create_dataset(key, data=array)
    else:
        raise CheckpointError(message(f"{group.name}/{key}: dtype {array.dtype} cannot be saved; numbers can"))


def fixed_text(holder: Any, name: str) -> str | None:
    """An attribute that is a text of a fixed length; None where there is none, or something else.

    Args:
        holder: a group or dataset of h5py.
        name: of the attribute.
    """
    if name not in holder.attrs:
        return None
    found = holder.attrs.get_id(name)
    if is_in_heap(found) or found.shape != () or found.get_storage_size() > _NAME_BYTES:
        return None
    value = holder.attrs[name]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else None


@contextmanager
def stored_arrays(source: BinaryIO, where: str, policy: LoadPolicy) -> Iterator[dict[str, Stored]]:
    """The arrays of an HDF5 file by path, in the order of the file; they can be read inside the `with`.

    Args:
        source: the file.
        where: what messages call it.
        policy: limits.

    Raises:
        CheckpointError: for a damaged file, one that is no HDF5, or one of the layout before Keras 3.
        SecurityError: for links and storage outside of the file.
    """
    with opened_hdf5(source, where) as file:
        if has_attribute(file, where, "layer_names", "model_config"):
            cause = "It has the layout of .h5 files before Keras 3."
            remedy = "Give it a name that ends in .h5 alone: load_model and load_weights read it then."
            raise CheckpointError(message(f"{where}: the old HDF5 layout is not read here", cause, remedy))
        yield Listing(where, policy, source).of(file)


@contextmanager
def opened_hdf5(source: BinaryIO, where: str) -> Iterator[Any]:
    """A file of h5py, whose errors become kmb's.

    Args:
        source: the file.
        where: what messages call it.

    Raises:
        CheckpointError: for a damaged file, or one that is no HDF5.
    """
    import h5py  # heavy, and only files need it

    try:
        file = h5py.File(source, "r")
    except Exception as error:
        cause = "The file was truncated or changed, for instance by an interrupted download, or holds something else."
        source.seek(0)
        if source.read(4) == b"PK\x03\x04":
            cause = "It is a zip archive; that of a model has a name that ends in .keras."
        raise CheckpointError(message(f"{where} is no HDF5 file that can be read: {error}", cause)) from error
    with file:
        try:
            yield file
        except (OSError, RuntimeError) as error:
            if isinstance(error, KmbError):
                raise
            raise damaged(where, error) from error


def has_attribute(file: Any, where: str, *names: str) -> bool:
    """Whether a file has one of these attributes."""
    try:
        return any(name in file.attrs for name in names)
    except Exception as error:
        raise damaged(where, error) from error


def _size_of(source: BinaryIO) -> int:
    place = source.tell()
    size = source.seek(0, os.SEEK_END)
    source.seek(place)
    return size


class Listing:
    """The walk through one file."""

    def __init__(self, where: str, policy: LoadPolicy, source: BinaryIO) -> None:
        self.where = where
        self.policy = policy
        self.source = source
        self.count = 0
        self.bytes = 0
        self.allowed = policy.allowed(_size_of(source))
        self.groups: set[int] = set()
        self.tried = policy is UNLIMITED  # in a process of its own; what this one has written need not be

    def of(self, file: Any) -> dict[str, Stored]:
        """The arrays of a file."""
        try:
            return self._walked(file)
        except KmbError:
            raise
        except Exception as error:  # of a damaged file, h5py raises whatever it stumbles over
            raise damaged(self.where, error) from error

    def _walked(self, file: Any) -> dict[str, Stored]:
        found: dict[str, Stored] = {}
        pending: list[tuple[str, Any, int]] = [("", file, 0)]
        while pending:
            path, group, depth = pending.pop()
            if depth > self.policy.max_depth:
                raise self._refused(path, f"lies deeper than {self.policy.max_depth} groups")
            self._enter(path, group)
            for name in group:
                self._listed(f"{path}{name}", group, name, found, pending, depth)
        return found

    def _enter(self, path: str, group: Any) -> None:
        import h5py

        place = h5py.h5o.get_info(group.id).addr
        if place in self.groups:
            raise self._refused(path, "is a group with two names, or lies in itself")
        self.groups.add(place)
        if is_dense(group):
            self._try(path)

    def _try(self, path: str) -> None:
        """Go through the file in another process, once, before this one reads what can make HDF5 crash or hang."""
        if not self.tried and not survives(self.source):
            raise self._refused(path, "makes HDF5 crash or hang, which was tried in another process")
        self.tried = True

    def value(self, path: str, holder: Any, name: str) -> Any:
        """The value of an attribute.

        Args:
            path: of its group or dataset.
            holder: the group or dataset.
            name: the attribute's.
        """
        if is_in_heap(holder.attrs.get_id(name)):
            self._try(path)
        return holder.attrs[name]

    def _listed(
        self, path: str, group: Any, name: str, found: dict[str, Stored], pending: list[Any], depth: int
    ) -> None:
        import h5py

        self.count += 1
        if self.count > self.policy.max_objects:
            raise self._refused(path, f"is one of more than {self.policy.max_objects} objects")
        if group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type != h5py.h5l.TYPE_HARD:
            raise self._refused(path, "is a soft or external link, which may lead to another file")
        item = group[name]
        if isinstance(item, h5py.Group):
            pending.append((f"{path}/", item, depth + 1))
        elif isinstance(item, h5py.Dataset):
            found[path] = self._stored(path, item)
        else:
            raise self._refused(path, f"is no group or dataset but {type(item).__name__}")

    def _stored(self, path: str, dataset: Any) -> Stored:
        properties = dataset.id.get_create_plist()
        filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
        if dataset.is_virtual or dataset.external:
            raise self._refused(path, "keeps its values in another file")
        if not _FILTERS.issuperset(filters):
            raise self._refused(path, f"is compressed with filters {filters}, which would have to be loaded as plugins")
        if len(set(filters)) < len(filters):
            raise self._refused(path, f"is compressed several times over, with filters {filters}")
        if dataset.shape is None:
            raise self._refused(path, "has no shape")
        self._add_size(path, dataset)
        return Stored(tuple(dataset.shape), self._dtype(path, dataset), dataset, self.where, self.source)

    def _add_size(self, path: str, dataset: Any) -> None:
        """Sizes that are declared must be in proportion to what the file holds."""
        count = math.prod(dataset.shape)
        if count:  # what is read is at least one chunk
            count = max(count, math.prod(dataset.chunks or ()))
        self.bytes += count * dataset.dtype.itemsize
        if self.bytes > self.allowed:
            what = f"of shape {dataset.shape} and what is before it have {self.bytes // MEBIBYTE} MiB"
            raise self._refused(path, f"{what}; the limit for a file of this size is {self.allowed // MEBIBYTE}")

    def _dtype(self, path: str, dataset: Any) -> str:
        dtype = dataset.dtype
        if dtype.kind in "biufc":
            return dtype.name
        name = self._attribute(path, dataset, "dtype")
        if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None and isinstance(name, str):
            try:
                if numpy_dtype(name).itemsize == dtype.itemsize:
                    return name
            except DTypeError:
                pass
        raise self._refused(path, f"holds no numbers but {dtype}")

    def _attribute(self, path: str, dataset: Any, name: str) -> Any:
        if len(dataset.attrs) > _ATTRIBUTES:
            raise self._refused(path, f"has {len(dataset.attrs)} attributes")
        if name not in dataset.attrs:
            return None
        found = dataset.attrs.get_id(name)
        if found.shape != () or found.get_storage_size() > _NAME_BYTES:
            raise self._refused(path, f"has an attribute {name} of shape {found.shape}, where a text is expected")
        return self.value(path, dataset, name)

    def _refused(self, path: str, why: str) -> SecurityError:
        cause = "Files of weights hold arrays of numbers and nothing else."
        return SecurityError(message(f"{self.where} is refused: {path!r:.100} {why}", cause))
