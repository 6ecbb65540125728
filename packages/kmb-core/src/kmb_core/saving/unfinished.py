"""Files that are not yet what they will be, and whether somebody still writes them.

Beside `.NAME.ID.partial` lies `.NAME.ID.owner`, which its writer holds a lock on. The system frees the lock when the
process ends, however it ends, on whatever machine that shares the folder; so who gets the lock may remove both files.
Where a file system knows no locks, and on Windows, there are no owners and nothing is removed.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_OWNER, _PARTIAL = ".owner", ".partial"
_OWNERS = re.compile(r"\..*\.[0-9a-f]{16}\.owner", re.DOTALL)


def new_mark() -> str:
    """What no other writer has."""
    return secrets.token_hex(8)


def new_name(name: str, mark: str | None = None) -> str:
    """A name for the unfinished form of a file, which no other writer has."""
    return f".{name[:100]}.{mark or new_mark()}"


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(path)


if os.name == "posix":
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Whether the lock is now this process's: not where another one has it, nor where there are no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

else:  # pragma: no cover - other systems

    def _lock(descriptor: int) -> bool:
        return False


@contextmanager
def owned(folder: str, name: str) -> Iterator[str]:
    """Inside, the unfinished file is this process's; gives its path.

    Args:
        folder: where it is.
        name: what `new_name` gives.
    """
    owner = os.path.join(folder, name + _OWNER)
    descriptor = _claimed(owner)
    try:
        yield os.path.join(folder, name + _PARTIAL)
    finally:
        remove(owner)
        if descriptor is not None:
            os.close(descriptor)


def _claimed(owner: str) -> int | None:
    """The lock, held; None where there are no locks."""
    while True:
        descriptor = os.open(owner, os.O_CREAT | os.O_RDWR, 0o666)
        if not _lock(descriptor):
            os.close(descriptor)
            remove(owner)
            return None
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # removed by another process between the two steps


def is_owned(folder: str, name: str) -> bool:
    """Whether somebody writes the file, or has died and nobody has noticed.

    Args:
        folder: where it is.
        name: what `new_name` gives.
    """
    return os.path.exists(os.path.join(folder, name + _OWNER))


def remove_unowned(folder: str) -> None:
    """Remove what dead writers left in a folder.

    Args:
        folder: the folder; what cannot be read or removed in it is left.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for owner in [entry.path for entry in entries if _OWNERS.fullmatch(entry.name)]:
            _remove_if_unowned(owner)


def _remove_if_unowned(owner: str) -> None:
    with suppress(OSError):
        descriptor = os.open(owner, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            if _lock(descriptor):
                remove(owner.removesuffix(_OWNER) + _PARTIAL)
                remove(owner)
        finally:
            os.close(descriptor)
