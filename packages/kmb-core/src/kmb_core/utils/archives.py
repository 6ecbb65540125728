"""Archives unpacked without trusting them: plain files and folders below the target, within limits, or nothing.

What an archive says is checked before a byte of it is written: names that lead elsewhere, links and devices are
refused, and so is more than the limits, or much more than the archive's own size. It is unpacked into a folder of its
own that takes its place at the end.
"""

import bz2
import gzip
import lzma
import os
import secrets
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from kmb_core.errors import CheckpointError, FileAccessError, KmbError, SecurityError, message
from kmb_core.saving.policy import LoadPolicy

FORMATS = ("tar", "zip")
DEFAULT_POLICY = LoadPolicy()
_LONGEST_READ = 2**20
_OF_HEADERS = 64 * 2**20  # what a tar file has beside the contents: names, and blocks that are filled up


@dataclass(frozen=True)
class _Member:
    name: str
    kind: str  # "file", "folder", or what is refused
    size: int
    open: Callable[[], IO[Any] | None]


def unpack(archive: str, folder: str, formats: Sequence[str] = FORMATS, policy: LoadPolicy = DEFAULT_POLICY) -> None:
    """Unpack an archive into a folder, which is there whole afterwards, or as it was.

    Args:
        archive: a tar file, compressed or not, or a zip file.
        folder: where to; one that exists is replaced.
        formats: "tar", "zip" or both.
        policy: what it may take.

    Raises:
        SecurityError: for a name that leads elsewhere, a link, a device, or more than the limits.
        CheckpointError: for a file that is none of these archives, or damaged.
        FileAccessError: where the folder cannot be written.
    """
    temporary = f"{folder}.{secrets.token_hex(4)}.partial"
    try:
        os.makedirs(temporary)
        with _opened(archive, formats, policy) as members:
            _write(members, archive, temporary, policy)
        _take_place(temporary, folder)
    except KmbError:
        raise
    except Exception as error:  # of a damaged archive, its module raises whatever it stumbles over
        raise _failure(archive, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _failure(archive: str, error: Exception) -> CheckpointError:
    if isinstance(error, OSError) and error.errno is not None:
        what = f"{archive} cannot be unpacked: {error}"
        return FileAccessError(message(what, "The disk may be full, or the archive's names not fit this system."))
    what = f"{archive} cannot be unpacked: {error or type(error).__name__}"
    return CheckpointError(message(what, "The file is damaged, or not whole.", "Download it again."))


def _take_place(temporary: str, folder: str) -> None:
    old = f"{temporary}.old"
    if os.path.lexists(folder):
        os.replace(folder, old)
    os.replace(temporary, folder)
    shutil.rmtree(old, ignore_errors=True)


class _opened:
    """The members of an archive, as long as it is open."""

    def __init__(self, archive: str, formats: Sequence[str], policy: LoadPolicy) -> None:
        if "zip" in formats and zipfile.is_zipfile(archive):
            self._file: Any = zipfile.ZipFile(archive)
            self._content: Any = None
            self._members = _zip_members
        elif "tar" in formats:
            self._file, self._content = _tar(archive, formats, policy)
            self._members = _tar_members
        else:
            raise _none_of(archive, formats)

    def __enter__(self) -> Iterator[_Member]:
        return self._members(self._file)

    def __exit__(self, *error: object) -> None:
        self._file.close()
        if self._content is not None:
            self._content.close()


def _none_of(archive: str, formats: Sequence[str]) -> CheckpointError:
    return CheckpointError(message(f"{archive} is no {' or '.join(formats)} archive"))


_COMPRESSIONS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


def _tar(archive: str, formats: Sequence[str], policy: LoadPolicy) -> "tuple[tarfile.TarFile, _Bounded]":
    with open(archive, "rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in _COMPRESSIONS.items() if start.startswith(magic)), open)
    content = _Bounded(opener(archive, "rb"), archive, _allowed(archive, policy))
    try:
        return tarfile.open(fileobj=content, mode="r:"), content  # type: ignore[call-overload]  # it reads and seeks
    except (tarfile.ReadError, EOFError) as error:
        content.close()
        raise _none_of(archive, formats) from error
    except BaseException:
        content.close()
        raise


class _Bounded:
    """What comes out of a compressed file, up to a limit: a name or a comment of gigabytes is not read into memory."""

    def __init__(self, file: Any, archive: str, allowed: int) -> None:
        self._file, self._archive, self._allowed = file, archive, allowed
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        """Bytes, and headers of a megabyte at most."""
        if size < 0 or size > _LONGEST_READ:
            raise SecurityError(message(f"{self._archive}: a header of {size} bytes", "It is made to fill the memory."))
        content = self._file.read(size)
        if self._file.tell() > self._allowed + _OF_HEADERS:
            what = f"{self._archive}: more than {self._allowed} bytes come out of it"
            raise SecurityError(message(what, "It may be made to fill the disk."))
        return content


def _allowed(archive: str, policy: LoadPolicy) -> int:
    return min(policy.max_unpacked_bytes, policy.allowed(os.path.getsize(archive)))


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


def _write(members: Iterator[_Member], archive: str, folder: str, policy: LoadPolicy) -> None:
    allowed, most = _allowed(archive, policy), policy.max_unpacked_members
    total = 0
    for count, member in enumerate(members, 1):
        parts = _checked(member, archive)
        total += member.size
        if count > most or total > allowed:
            size = f"{count} members of {total} bytes" if count > most else f"{total} bytes and more"
            what = f"{archive}: {size}, where {most} members and {allowed} bytes are allowed"
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
