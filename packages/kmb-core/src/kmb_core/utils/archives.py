"""Archives unpacked without trusting them: plain files and folders below the target, within limits, or nothing.

What an archive says is checked before a byte of it is written: names that lead elsewhere, links and devices are
refused, and so is more than the limits, or much more than the archive's own size. It is unpacked into a folder of its
own that takes its place at the end.
"""

import os
import secrets
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from kmb_core.errors import CheckpointError, SecurityError, message

FORMATS = ("tar", "zip")


@dataclass(frozen=True)
class Limits:
    """What an archive may take; a larger one is refused.

    Args:
        members: number of files and folders.
        bytes: size of all files together.
        ratio: how many times the archive's own size they may take, beyond `free_bytes`.
        free_bytes: size up to which the ratio does not count.
    """

    members: int = 1_000_000
    bytes: int = 256 * 2**30
    ratio: float = 200.0
    free_bytes: int = 64 * 2**20


LIMITS = Limits()


@dataclass(frozen=True)
class _Member:
    name: str
    kind: str  # "file", "folder", or what is refused
    size: int
    open: Callable[[], IO[Any] | None]


def unpack(archive: str, folder: str, formats: Sequence[str] = FORMATS, limits: Limits = LIMITS) -> None:
    """Unpack an archive into a folder, which is there whole afterwards, or as it was.

    Args:
        archive: a tar file, compressed or not, or a zip file.
        folder: where to; one that exists is replaced.
        formats: "tar", "zip" or both.
        limits: what it may take.

    Raises:
        SecurityError: for a name that leads elsewhere, a link, a device, or more than the limits.
        CheckpointError: for a file that is none of these archives, or damaged.
    """
    temporary = f"{folder}.{secrets.token_hex(4)}.partial"
    try:
        os.makedirs(temporary)
        with _opened(archive, formats) as members:
            _write(members, archive, temporary, limits)
        _take_place(temporary, folder)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        if isinstance(error, SecurityError | CheckpointError):
            raise
        what = f"{archive} cannot be unpacked: {error}"
        raise CheckpointError(message(what, "The file is damaged, or not whole.", "Download it again.")) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_place(temporary: str, folder: str) -> None:
    old = f"{temporary}.old"
    if os.path.lexists(folder):
        os.replace(folder, old)
    os.replace(temporary, folder)
    shutil.rmtree(old, ignore_errors=True)


class _opened:
    """The members of an archive, as long as it is open."""

    def __init__(self, archive: str, formats: Sequence[str]) -> None:
        if "zip" in formats and zipfile.is_zipfile(archive):
            self._file: Any = zipfile.ZipFile(archive)
            self._members = _zip_members
        elif "tar" in formats and tarfile.is_tarfile(archive):
            self._file = tarfile.open(archive, "r:*")  # noqa: SIM115 - closed in __exit__
            self._members = _tar_members
        else:
            raise CheckpointError(message(f"{archive} is no {' or '.join(formats)} archive"))

    def __enter__(self) -> Iterator[_Member]:
        return self._members(self._file)

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _zip_members(file: zipfile.ZipFile) -> Iterator[_Member]:
    for info in file.infolist():
        mode = info.external_attr >> 16
        plain = not mode or not stat.S_IFMT(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        kind = "folder" if info.is_dir() else "file" if plain else "link or device"
        yield _Member(info.filename, kind, info.file_size, lambda info=info: file.open(info))  # type: ignore[misc]


def _tar_members(file: tarfile.TarFile) -> Iterator[_Member]:
    for info in file:
        kind = "folder" if info.isdir() else "file" if info.isreg() else "link or device"
        yield _Member(info.name, kind, info.size, lambda info=info: file.extractfile(info))  # type: ignore[misc]


def _write(members: Iterator[_Member], archive: str, folder: str, limits: Limits) -> None:
    allowed = min(limits.bytes, max(limits.free_bytes, int(os.path.getsize(archive) * limits.ratio)))
    total = 0
    for count, member in enumerate(members, 1):
        parts = _checked(member, archive)
        total += member.size
        if count > limits.members or total > allowed:
            size = f"{count} members of {total} bytes" if count > limits.members else f"{total} bytes and more"
            what = f"{archive}: {size}, where {limits.members} members and {allowed} bytes are allowed"
            raise SecurityError(message(what, "It may be made to fill the disk."))
        if parts:
            _write_member(member, os.path.join(folder, *parts))


def _checked(member: _Member, archive: str) -> list[str]:
    """The parts of a member's name, below the folder."""
    name = member.name
    if member.kind not in ("file", "folder"):
        raise SecurityError(message(f"{archive}: {name!r} is a {member.kind}, which is not unpacked"))
    parts = name.rstrip("/").split("/")
    leads_away = name.startswith(("/", "\\")) or ".." in parts or "\0" in name or "\\" in name
    if leads_away or (os.name == "nt" and ":" in name) or not name:
        raise SecurityError(message(f"{archive}: {name!r} leads out of the folder", "It is made to overwrite files."))
    return [part for part in parts if part not in ("", ".")]


def _write_member(member: _Member, path: str) -> None:
    if member.kind == "folder":
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    source = member.open()
    assert source is not None, "a plain file has contents"
    left = member.size
    with source, open(path, "wb") as target:
        while chunk := source.read(min(2**20, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise SecurityError(message(f"{member.name!r} is longer than the archive says"))
            target.write(chunk)
    if left:
        raise CheckpointError(message(f"{member.name!r} is shorter than the archive says"))
