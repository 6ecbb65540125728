"""Where an artifact goes: it is written into a folder of its own beside the target, and takes its place at once.

A file is renamed over the old one. A folder cannot be: the old one is moved into the folder beside, and back if the
rename fails; only what an earlier export wrote is ever replaced, since a folder may hold anything.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kmb_core.errors import FileAccessError, MissingFileError, message
from kmb_core.plugins import Exporter
from kmb_core.saving.atomic import unwritable


@contextmanager
def new_artifact(path: Any, exporter: Exporter) -> Iterator[str]:
    """Give the path to write to; what is there at the end takes the place of `path`, unless an error comes out.

    Args:
        path: where the artifact is to be; a symbolic link is followed.
        exporter: says whether it is a file or a folder, and what such a folder contains.

    Raises:
        MissingFileError: where the folder around it does not exist.
        FileAccessError: where it cannot be written, or something else is there.
    """
    target = os.path.realpath(os.fspath(path))
    _check(target, exporter)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.partial")
    try:
        os.mkdir(beside)
        new = os.path.join(beside, f"new{exporter.suffix}")
        yield new
        _to_disk(new)
        _take_place(new, target, os.path.join(beside, "old"))
        _sync(folder)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _check(target: str, exporter: Exporter) -> None:
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise MissingFileError(
            message(f"{target!r} could not be written: no folder {folder!r}", None, "Make it first.")
        )
    if not os.path.lexists(target):
        return
    if os.path.isdir(target) != (not exporter.suffix):
        kind = "a folder" if os.path.isdir(target) else "a file"
        raise FileAccessError(message(f"{target!r} could not be written: it is {kind}", None, "Choose another path."))
    foreign = sorted(set(os.listdir(target)) - exporter.contents) if os.path.isdir(target) else []
    if foreign:
        what = f"{target!r} could not be written: the folder holds other things, among them {foreign[0]!r}"
        raise FileAccessError(message(what, "Only an earlier export is replaced.", "Choose another path."))


def _take_place(new: str, target: str, old: str) -> None:
    if os.path.isdir(target):
        os.rename(target, old)
    try:
        os.replace(new, target)
    except OSError:
        if os.path.isdir(old):
            os.rename(old, target)
        raise


def _to_disk(path: str) -> None:
    for root, _, files in os.walk(path):
        for file in files:
            _sync(os.path.join(root, file))
        _sync(root)
    if os.path.isfile(path):
        _sync(path)


def _sync(path: str) -> None:
    is_folder = os.path.isdir(path)
    if is_folder and os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
