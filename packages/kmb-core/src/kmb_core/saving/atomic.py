"""Writing a file so that it is there whole or not at all.

The new file is written beside the old one, brought to the disk and renamed over it; then the folder is brought to the
disk too, because the rename is an entry in it. Whatever fails before the rename leaves the old file as it was and
nothing else.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from kmb_core.errors import FileAccessError, MissingFileError, message

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
    temporary = _new_file(target)
    try:
        yield temporary
        _take_place(temporary, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        _remove(temporary)


def unwritable(target: str, error: OSError) -> FileAccessError:
    """The error for a file that could not be written."""
    if isinstance(error, FileAccessError):
        return error
    cause = "The folder may be read-only, the disk full, or the file open elsewhere."
    what = f"{target!r} could not be written: {error.strerror or error}"
    return FileAccessError(message(what, cause, "What was there before is as it was."))


def _new_file(target: str) -> str:
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise MissingFileError(
            message(f"{target!r} could not be written: no folder {folder!r}", None, "Make it first.")
        )
    if os.path.isdir(target):
        raise FileAccessError(message(f"{target!r} could not be written: it is a folder"))
    temporary = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.partial")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        _remove(temporary)
        raise unwritable(target, error) from error
    return temporary


def _remove(temporary: str) -> None:
    with suppress(FileNotFoundError):  # it was renamed, or never made
        os.unlink(temporary)


def _take_place(temporary: str, target: str) -> None:
    with suppress(FileNotFoundError):  # a new file has the permissions that it was made with
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
