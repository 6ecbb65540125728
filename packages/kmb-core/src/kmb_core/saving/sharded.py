"""Weights in several HDF5 files and an index, `NAME.weights.json` beside `NAME_00000.weights.h5`, …: Keras' layout.

A set is there whole or not at all. New files get names of their own first; the index is then turned to them, which is
the moment of the change. Only after that do they take the usual names, which old ones may have had, and the index
follows. So wherever a process ends, the index names one whole set. Files and index carry the same mark: a file of
another saving is noticed.
"""

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np

from kmb_core.errors import CheckpointError, MissingFileError, SecurityError, message
from kmb_core.saving.archive import open_file
from kmb_core.saving.atomic import atomic_file, place_of, unwritable
from kmb_core.saving.hdf5 import fixed_text, stored_arrays, write_array
from kmb_core.saving.new_hdf5 import new_hdf5
from kmb_core.saving.policy import UNLIMITED, LoadPolicy
from kmb_core.saving.stored import Stored
from kmb_core.saving.unfinished import is_owned, new_mark, new_name, owned, remove
from kmb_core.saving.weights import Groups, check_written

INDEX_ENDING = ".weights.json"
GIGABYTE = 1 << 30  # what `max_shard_size` counts
_MARK = "saved_as"


# Writing -------------------------------------------------------------------------------------------------------------


def write_shards(path: str, groups: Groups, max_bytes: float) -> None:
    """Write the files and their index.

    Args:
        path: of the index.
        groups: what `groups_to_write` gives.
        max_bytes: of the arrays in one file.

    Raises:
        CheckpointError: for an array that exceeds `max_bytes`.
        FileAccessError: where a file cannot be written.
    """
    path = os.path.realpath(path)
    folder, _ = place_of(path)
    shards = _Shards(path, max_bytes)
    try:
        with owned(folder, shards.owner(shards.mark)):
            try:
                _write_set(path, shards, groups)
            finally:
                for name in shards.written:
                    remove(os.path.join(folder, name))
    except OSError as error:
        raise unwritable(path, error) from error


def _write_set(path: str, shards: "_Shards", groups: Groups) -> None:
    with shards:
        shards.write(groups)
    with _arrays_of(path, _plain(shards.index(shards.written)), UNLIMITED) as stored:
        check_written(groups, stored, repr(path))
    with _alone(shards.folder):
        _publish(path, shards)


class _Shards(ExitStack):
    """The new files, under names of their own."""

    def __init__(self, path: str, max_bytes: float) -> None:
        super().__init__()
        self.folder, name = os.path.split(path)
        self.stem = name.removesuffix(INDEX_ENDING)
        self.mark = new_mark()
        self.max_bytes = max_bytes
        self.written: list[str] = []
        self.places: dict[str, list[int]] = {}
        self.total = self._used = 0
        self._file: Any = None

    def write(self, groups: Groups) -> None:
        self._next()
        for path, (name, arrays) in groups.items():
            self._group(path, name)
            for key, fetch in arrays.items():
                self._write(path, name, key, fetch())

    def _write(self, path: str, name: str, key: str, array: Any) -> None:
        if array.nbytes > self.max_bytes:
            what = f"{path}/{key} has {array.nbytes} bytes, more than max_shard_size: {self.max_bytes:.0f} bytes"
            remedy = f"max_shard_size={array.nbytes / GIGABYTE * 1.01:.3g} or more, in GB."
            raise CheckpointError(message(what, "An array lies in one file.", remedy))
        if self._used + array.nbytes > self.max_bytes and self._used:
            self._next()
        self._used += array.nbytes
        self.total += array.nbytes
        write_array(self._group(path, name), key, array)
        files = self.places.setdefault(path, [])
        if len(self.written) - 1 not in files:
            files.append(len(self.written) - 1)

    def _group(self, path: str, name: str) -> Any:
        group = self._file.require_group(path)
        group.attrs["name"] = name
        return group

    def _next(self) -> None:
        self.close()
        self.written.append(f"{self.stem}_{self.mark}_{len(self.written):05}.weights.h5")
        temporary = self.enter_context(atomic_file(os.path.join(self.folder, self.written[-1])))
        self._file = self.enter_context(new_hdf5(temporary))
        self._file.attrs[_MARK] = np.bytes_(self.mark)  # of a fixed length: others lie in a heap of the file's
        self._used = 0

    def owner(self, mark: str) -> str:
        """Who writes the files that have this mark in their names."""
        return new_name(self.stem, mark)

    def usual(self, number: int) -> str:
        return f"{self.stem}_{number:05}.weights.h5"

    def index(self, names: list[str]) -> dict[str, Any]:
        """The index with these names for the files."""
        metadata = {"total_size": self.total, _MARK: self.mark, "shards": len(names)}
        return {
            "metadata": metadata,
            "weight_map": {f"/{path}": [names[i] for i in files] for path, files in self.places.items()},
        }


def _publish(path: str, shards: _Shards) -> None:
    """Turn the index to the new files, give them the usual names, and remove what is left of the old ones."""
    usual = [shards.usual(number) for number in range(len(shards.written))]
    old = [n for n in os.listdir(shards.folder) if re.fullmatch(rf"{re.escape(shards.stem)}_\d{{5}}\.weights\.h5", n)]
    if os.path.exists(path):
        _write_index(path, shards.index(shards.written))
    for new, name in zip(shards.written, usual, strict=True):
        _also_named(os.path.join(shards.folder, new), os.path.join(shards.folder, name))
    _write_index(path, shards.index(usual))
    for name in {*old, *_abandoned(shards)} - set(usual):
        remove(os.path.join(shards.folder, name))


def _abandoned(shards: _Shards) -> Iterator[str]:
    """Files that writers left which were killed; where there are no locks one cannot know."""
    names = re.compile(rf"{re.escape(shards.stem)}_([0-9a-f]{{16}})_\d{{5}}\.weights\.h5(\.partial)?")
    found = [match for name in os.listdir(shards.folder) if (match := names.fullmatch(name))]
    if is_owned(shards.folder, shards.owner(shards.mark)):
        yield from (match[0] for match in found if not is_owned(shards.folder, shards.owner(match[1])))


def _also_named(file: str, name: str) -> None:
    """Let a file that stays have a second name; what had it goes."""
    temporary = f"{file}.partial"
    try:
        os.link(file, temporary)
    except OSError:  # a file system without links
        shutil.copyfile(file, temporary)
    try:
        os.replace(temporary, name)
    finally:
        remove(temporary)


def _write_index(path: str, index: Mapping[str, Any]) -> None:
    with atomic_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(index, file, indent=4)


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    """One process after the other renames files in a folder."""
    if os.name != "posix":
        yield
        return
    import fcntl  # is there on POSIX only

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# Reading -------------------------------------------------------------------------------------------------------------


def read_index(path: str, policy: LoadPolicy) -> dict[str, Any]:
    """The index of a set of files, checked.

    Args:
        path: of the index.
        policy: limits.

    Returns:
        {"metadata": …, "weight_map": {path of a group: [names of files]}}.

    Raises:
        CheckpointError: for a damaged index.
        SecurityError: for names that lead out of its folder.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > policy.max_text_bytes:
            raise SecurityError(message(f"{path!r} is refused: it is longer than {policy.max_text_bytes} bytes"))
        text = file.read()
    try:
        index = json.loads(text)
        index = _plain(index)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{path!r} is no index of sharded weights: {type(error).__name__}: {error}"
        raise CheckpointError(message(what, "The file was truncated or changed, or holds something else.")) from error
    named = [name for files in index["weight_map"].values() for name in files]
    for name in named:  # before they are put into a set: what is no text may not fit into one
        _check_name(path, name)
    names = set(named)
    if len(names) > policy.max_members:
        raise SecurityError(message(f"{path!r} is refused: it names {len(names)} files, limit {policy.max_members}"))
    return index


def _plain(index: Mapping[str, Any]) -> dict[str, Any]:
    """An index whose paths are those of HDF5, and whose groups have lists of files."""
    listed = {str(k).strip("/"): [v] if isinstance(v, str) else list(v) for k, v in index["weight_map"].items()}
    return {"metadata": dict(index.get("metadata", {})), "weight_map": listed}


def _check_name(path: str, name: Any) -> None:
    plain = isinstance(name, str) and re.fullmatch(r"[^/\\:\0]+\.h5", name) and not name.startswith(".")
    if not plain:
        cause = "An index of weights names HDF5 files that lie beside it."
        raise SecurityError(message(f"{path!r} is refused: {name!r:.100} is no name of a file beside it", cause))


@contextmanager
def sharded_arrays(path: str, policy: LoadPolicy) -> Iterator[dict[str, Stored]]:
    """The arrays of all files of a set by path; they can be read inside the `with`.

    Args:
        path: of the index.
        policy: limits, of each file.

    Raises:
        CheckpointError: for a missing, damaged or foreign file.
        SecurityError: for what no file of weights needs.
    """
    with ExitStack() as opened:
        yield _found(opened, path, policy)


def _found(opened: ExitStack, path: str, policy: LoadPolicy) -> dict[str, Stored]:
    """What the index leads to; where another process saves meanwhile, the index is read again."""
    index = read_index(path, policy)
    while True:
        try:
            return opened.enter_context(_arrays_of(path, index, policy))
        except CheckpointError:
            before, index = index, read_index(path, policy)
            if index == before:
                raise


@contextmanager
def _arrays_of(path: str, index: Mapping[str, Any], policy: LoadPolicy) -> Iterator[dict[str, Stored]]:
    where: dict[str, list[str]] = {}
    for group, names in index["weight_map"].items():
        for name in names:
            where.setdefault(name, []).append(group)
    found: dict[str, Stored] = {}
    with ExitStack() as stack:
        for name, groups in sorted(where.items()):
            stored = _shard(stack, path, name, index["metadata"].get(_MARK), policy)
            _merge(found, stored, groups, f"{path!r}: {name}")
        yield found


def _shard(stack: ExitStack, path: str, name: str, mark: Any, policy: LoadPolicy) -> dict[str, Stored]:
    place = os.path.join(os.path.dirname(path), name)
    if not os.path.lexists(place):
        remedy = "Copy all files of the set; their names stand in the index."
        raise MissingFileError(message(f"{path!r}: the file {name!r} that it names is not there", None, remedy))
    if not stat.S_ISREG(os.lstat(place).st_mode):
        raise SecurityError(message(f"{path!r} is refused: {name!r} is no file but a link or something else"))
    file = stack.enter_context(open_file(place))
    stored = stack.enter_context(stored_arrays(file, f"{path!r}: {name}", policy))
    first = next(iter(stored.values()), None)
    if mark is not None and first is not None and fixed_text(first.dataset.file, _MARK) != mark:
        what = f"{path!r}: the file {name!r} is of another saving than the index"
        raise CheckpointError(
            message(what, "Files of two sets were mixed, or it is being saved now.", "Save it again.")
        )
    return stored


def _merge(found: dict[str, Stored], stored: Mapping[str, Stored], groups: list[str], where: str) -> None:
    held = {array.rpartition("vars/")[0] + "vars" for array in stored}
    lacking = sorted(set(groups) - held)
    unlisted = sorted(held - set(groups))
    twice = sorted(set(found) & set(stored))
    for names, what in ((lacking, "is not there"), (unlisted, "is not in the index"), (twice, "is in two files")):
        if names:
            raise CheckpointError(message(f"{where}: {names[0]!r} {what}", "The set of files was changed or mixed."))
    found.update(stored)


__all__ = ["GIGABYTE", "INDEX_ENDING", "read_index", "sharded_arrays", "write_shards"]
