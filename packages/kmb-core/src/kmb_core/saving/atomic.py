"""Writing a file so that it is there whole or not at all.

The new file is written beside the old one, brought to the disk and renamed over it; then the folder is brought to the
disk too, because the rename is an entry in it. Whatever fails before the rename leaves the old file as it was and
nothing else. A process that is killed leaves its unfinished file; the next one that writes to the folder removes it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kmb_core.errors import FileAccessError, MissingFileError, message
from kmb_core.saving.unfinished import new_name, owned, remove, remove_unowned

Path = str | os.PathLike[str]


@contextmanager
def atomic_file(path: Path) -> Iterator[str]:
    """Give the path of a new file that takes the place of `path` at the end, unless an error comes out.

    Args:
        path: where the file is to be; a symbolic link is followed.

    Raises:
        MissingFileError: where the folder does not exist.
        FileAccessError: where it cannot be written, or the disk is full.
    """
    target = os.path.realpath(os.fspath(path))
    folder, name = place_of(target)
    try:
        remove_unowned(folder)
        with owned(folder, new_name(name)) as temporary:
            try:
                os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
                yield temporary
                _take_place(temporary, target)
            finally:
                remove(temporary)  # it was renamed, or never made
    except FileAccessError:
        raise
    except OSError as error:
        raise unwritable(target, error) from error


def unwritable(target: str, error: OSError) -> FileAccessError:
    """The error for a file that could not be written."""
    if isinstance(error, FileAccessError):
        return error
    cause = "The folder may be read-only, the disk full, or the file open elsewhere."
    what = f"{target!r} could not be written: {error.strerror or error}"
    return FileAccessError(message(what, cause, "What was there before is as it was."))


def place_of(target: str) -> tuple[str, str]:
    """The folder of a file that will be written, and its name there; an error where it cannot be."""
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise MissingFileError(
            message(f"{target!r} could not be written: no folder {folder!r}", None, "Make it first.")
        )
    if os.path.isdir(target):
        raise FileAccessError(message(f"{target!r} could not be written: it is a folder"))
    return folder, name


def _take_place(temporary: str, target: str) -> None:
    if os.path.exists(target):  # a new file has the permissions that it was made with
        os.chmod(temporary, os.stat(target).st_mode & 0o7777)
    _to_disk(temporary, os.O_RDWR)
    os.replace(temporary, target)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _to_disk(os.path.dirname(target), os.O_RDONLY)


def _to_disk(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
