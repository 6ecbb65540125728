"""Folders whose subfolders are classes: the files, their labels, and the parts for training and validation."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kmb_core.data.formats import check_format, delivered
from kmb_core.data.loader import BatchLoader
from kmb_core.data.samples import Samples
from kmb_core.errors import ShapeError, message
from kmb_core.training.progress import announce

INFERRED = "inferred"
LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)


@dataclass
class FolderArguments:
    """What the three functions on folders have in common, checked.

    Args:
        where: the function, for messages.
        directory ... verbose: as the functions have them.
    """

    where: str
    directory: Any
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool
    format: str

    def __post_init__(self) -> None:
        if self.labels is None:
            self.label_mode = None
        self._check_choices()
        self._check_labels()
        self._check_split()

    def _check_choices(self) -> None:
        for name, choices in (("label_mode", LABEL_MODES), ("subset", SUBSETS)):
            if getattr(self, name) not in choices:
                known = ", ".join(map(repr, choices))
                raise ValueError(f"{self.where}: {name} is one of {known}; got {getattr(self, name)!r}")
        check_format(self.format, self.where)
        if self.batch_size is not None and self.batch_size < 1:
            raise ShapeError(f"{self.where}: batch_size is a number from 1 or None, got {self.batch_size}")

    def _check_labels(self) -> None:
        if isinstance(self.labels, str):
            if self.labels != INFERRED:
                raise ValueError(f"{self.where}: labels is 'inferred', a list or None; got {self.labels!r}")
        elif self.class_names is not None:
            what = f"{self.where}: class_names are the names of subfolders; they need labels='inferred'"
            raise ValueError(message(what, None, "Leave class_names out."))

    def _check_split(self) -> None:
        split = self.validation_split
        if (split is None) != (self.subset is None):
            what = f"{self.where}: validation_split={split} and subset={self.subset!r} are given together or not at all"
            raise ValueError(what)
        if split is not None and not 0 < split < 1:
            raise ValueError(f"{self.where}: validation_split lies between 0 and 1, got {split}")
        if split is not None and self.shuffle and self.seed is None:
            what = f"{self.where}: validation_split with shuffle=True needs a seed"
            cause = "Without one the parts for training and validation would overlap."
            raise ValueError(message(what, cause, "Give a seed, or shuffle=False."))


@dataclass
class Files:
    """Files, with a row of `labels` for each, or None."""

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str]

    def part(self, chosen: slice) -> "Files":
        """Some of them."""
        return Files(self.paths[chosen], None if self.labels is None else self.labels[chosen], self.class_names)


class FileSamples(Samples):
    """Samples read from files: `(x,)` or `(x, label)`.

    Args:
        files: the files.
        read_file: from a path to an x; it is pickled where processes read.
    """

    def __init__(self, files: Files, read_file: Callable[[str], Any]) -> None:
        self.files = files
        self.read_file = read_file

    def __len__(self) -> int:
        return len(self.files.paths)

    def __getitem__(self, index: int) -> tuple:
        x = self.read_file(self.files.paths[index])
        return (x,) if self.files.labels is None else (x, self.files.labels[index])

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple:
        """A batch of some files."""
        x = self.stacked([self.read_file(self.files.paths[int(index)]) for index in indices])
        return (x,) if self.files.labels is None else (x, self.files.labels[np.asarray(indices)])

    def stacked(self, parts: list[Any]) -> Any:
        """What the files of a batch gave, in one array."""
        return np.stack(parts)


def datasets(arguments: FolderArguments, endings: tuple[str, ...], samples: Callable[[Files], Samples]) -> Any:
    """The dataset of a folder, or those for training and validation.

    Args:
        arguments: of the function.
        endings: of the files' names, in lower case.
        samples: makes the samples of some files.

    Returns:
        A dataset, or two for subset="both".

    Raises:
        ValueError: when there are no files, or labels and files do not fit together.
    """
    files = _found(arguments, endings)
    if arguments.shuffle:
        files = _mixed(files, arguments.seed)
    parts = _parts(files, arguments)
    made = [_dataset(part, name, arguments, endings, samples) for name, part in parts.items()]
    return tuple(made) if len(made) == 2 else made[0]


def _dataset(files: Files, subset: str | None, arguments: FolderArguments, endings: Any, samples: Any) -> Any:
    if not files.paths:
        part = f" for {subset}" if subset else ""
        what = f"{arguments.where}: no files{part} in {arguments.directory}; expected names ending in {endings}"
        raise ValueError(message(what, "Classes are subfolders, files lie below them." if not subset else None))
    shuffle = arguments.shuffle and not (arguments.subset == "both" and subset == "validation")
    loader = BatchLoader(samples(files), arguments.batch_size, shuffle, arguments.seed)
    loader.file_paths = files.paths  # type: ignore[attr-defined]  # what Keras' datasets have too
    if files.class_names:
        loader.class_names = files.class_names  # type: ignore[attr-defined]
    return delivered(loader, arguments.format)


# Which files -------------------------------------------------------------------------------------------------------


def _found(arguments: FolderArguments, endings: tuple[str, ...]) -> Files:
    directory = os.fspath(arguments.directory)
    os.listdir(directory)  # the system's own error for a folder that is missing
    if isinstance(arguments.labels, str):
        files = _classified(directory, arguments, endings)
        _say(arguments, f"Found {len(files.paths)} files belonging to {len(files.class_names)} classes.")
        return files
    paths = list(_below(directory, endings, arguments.follow_links))
    labels, names = _given_labels(arguments, paths)
    _say(arguments, f"Found {len(paths)} files.")
    return Files(paths, labels, names)


def _say(arguments: FolderArguments, text: str) -> None:
    if arguments.verbose:
        announce(text)


def _classified(directory: str, arguments: FolderArguments, endings: tuple[str, ...]) -> Files:
    there = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir() and not entry.name.startswith("."))
    names = there if arguments.class_names is None else [str(name) for name in arguments.class_names]
    if unknown := sorted(set(names) - set(there)):
        what = f"{arguments.where}: class_names has {', '.join(map(repr, unknown))}, which is no subfolder"
        raise ValueError(message(what, f"The subfolders are: {', '.join(there)}."))
    if arguments.label_mode is None and arguments.class_names is None:
        return Files(list(_below(directory, endings, arguments.follow_links)), None, [])
    paths, numbers = [], []
    for number, name in enumerate(names):
        found = list(_below(os.path.join(directory, name), endings, arguments.follow_links))
        paths += found
        numbers += [number] * len(found)
    return Files(paths, _labels(numbers, len(names), arguments), names)


def _below(folder: str, endings: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    """Files below a folder, in the order of their folders' names and then their own; a circle of links is cut."""
    seen: set[str] = set()
    walked = []
    for root, folders, names in os.walk(folder, followlinks=follow_links):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        walked.append((root, names))
    for root, names in sorted(walked):
        yield from (os.path.join(root, name) for name in sorted(names) if name.lower().endswith(endings))


# Labels ------------------------------------------------------------------------------------------------------------


def _given_labels(arguments: FolderArguments, paths: list[str]) -> tuple[np.ndarray | None, list[str]]:
    if arguments.labels is None:
        return None, []
    labels = np.asarray(arguments.labels)
    if labels.shape[:1] != (len(paths),):
        what = f"{arguments.where}: {labels.shape[0] if labels.ndim else 0} labels for {len(paths)} files"
        cause = "labels is a list with one entry for each file, in the order of the sorted paths."
        raise ShapeError(message(what, cause))
    names = [str(name) for name in np.unique(labels).tolist()]
    count = int(labels.max()) + 1 if labels.dtype.kind in "iu" and labels.size else len(names)
    return _labels(labels, max(count, len(names)), arguments), names


def _labels(numbers: Any, count: int, arguments: FolderArguments) -> np.ndarray | None:
    numbers, mode = np.asarray(numbers), arguments.label_mode
    if mode is None:
        return None
    if mode == "int":
        return numbers.astype("int32")
    if mode == "categorical":
        return np.eye(count, dtype="float32")[numbers.astype("int64")]
    if count != 2:
        what = f"{arguments.where}: label_mode='binary' needs 2 classes, there are {count}"
        raise ValueError(message(what, None, "Give class_names with two subfolders, or label_mode='categorical'."))
    return numbers.astype("float32")[:, None]


# Order and parts ---------------------------------------------------------------------------------------------------


def _mixed(files: Files, seed: int | None) -> Files:
    """In another order: that of Keras for a seed, so that the parts for training and validation are the same."""
    order = np.arange(len(files.paths))
    np.random.RandomState(np.random.randint(10**6) if seed is None else seed).shuffle(order)
    labels = None if files.labels is None else files.labels[order]
    return Files([files.paths[place] for place in order], labels, files.class_names)


def _parts(files: Files, arguments: FolderArguments) -> dict[str | None, Files]:
    if arguments.validation_split is None:
        return {None: files}
    cut = len(files.paths) - int(arguments.validation_split * len(files.paths))
    parts = {"training": files.part(slice(cut)), "validation": files.part(slice(cut, None))}
    chosen = {name: part for name, part in parts.items() if arguments.subset in (name, "both")}
    for name, part in chosen.items():
        _say(arguments, f"Using {len(part.paths)} files for {name}.")
    return dict(chosen)


def content(path: str) -> bytes:
    """A file's bytes."""
    return Path(path).read_bytes()
