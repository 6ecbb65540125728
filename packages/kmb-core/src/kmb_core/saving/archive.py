"""The `.keras` archive: a zip of metadata.json, config.json, model.weights.h5 and where needed assets/.

Reading trusts no entry of the zip: names, kinds and sizes are checked before anything is unpacked, only the members
above are opened, and the checksum of the weights is verified before HDF5 sees them. Weights are stored uncompressed and
read in place, through a window on the archive.
"""

import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO

from kmb_core.errors import CheckpointError, FileAccessError, KmbError, MissingFileError, SecurityError, message
from kmb_core.saving.checksum import checksum
from kmb_core.saving.policy import MEBIBYTE, LoadPolicy
from kmb_core.saving.texts import json_object

METADATA, CONFIG, WEIGHTS, ASSETS = "metadata.json", "config.json", "model.weights.h5", "assets/"
_PLACE_OF_WEIGHTS = 2  # in the list of members

# Up to this size a member is kept in memory while it is unpacked or put together; beyond, in an unnamed temporary file.
IN_MEMORY = 64 * MEBIBYTE
_CHUNK = MEBIBYTE


def write_archive(
    path: str, members: Mapping[str, bytes], write: Callable[[Any], None], check: Callable[[BinaryIO], None]
) -> None:
    """Write an archive without compression.

    The weights lie first, so that HDF5 writes them in their place; what is in front of them is written again when their
    size and checksum are known. The checksum is that of the file as it is read back.

    Args:
        path: where to.
        members: the other contents by name, in their order.
        write: writes the weights into the file that it is given.
        check: is given them to read, before the archive is finished.
    """
    with open(path, "w+b") as file:
        info = zipfile.ZipInfo(WEIGHTS)
        info.CRC = info.header_offset = 0
        start = file.write(info.FileHeader(zip64=True))
        write(_NewPart(file, start))
        file.flush()
        size = info.file_size = info.compress_size = file.seek(0, os.SEEK_END) - start
        with _on_its_way_to_the_disk(file, size):
            check(_part(file, start, size))
            info.CRC = checksum(file, start, size)
        file.seek(0)
        file.write(info.FileHeader(zip64=True))
        file.seek(0, os.SEEK_END)
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)
            archive.infolist().insert(_PLACE_OF_WEIGHTS, info)


@contextmanager
def _on_its_way_to_the_disk(file: BinaryIO, size: int) -> Iterator[None]:
    """Inside, a large file is brought to the disk, which takes its time; a failure comes out at the end."""
    if size < IN_MEMORY:
        yield
        return
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(os.fsync, file.fileno())
        yield
        done.result()


class Archive:
    """A `.keras` file that is read.

    Args:
        path: the file.
        policy: limits.
        refuse: False to collect what is wrong with members in `problems`, for a report, and leave them out.

    Raises:
        CheckpointError: for a damaged or foreign file.
        SecurityError: for a member that no archive of a model has reason to hold.
    """

    def __init__(self, path: str, policy: LoadPolicy, refuse: bool = True) -> None:
        self.path = path
        self.policy = policy
        self.problems: list[KmbError] = []
        self._refuse = refuse
        self._file = open_file(path)
        try:
            self._zip = self._opened()
            self._members = self._checked()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def _opened(self) -> zipfile.ZipFile:
        start = self._file.read(8)
        if start == b"\x89HDF\r\n\x1a\n":
            raise self._problem(
                "it is an HDF5 file, not a .keras archive",
                "Weights alone end in .weights.h5, whole models of old versions in .h5.",
                "Read weights with model.load_weights(path).",
            )
        try:
            return zipfile.ZipFile(self._file)
        except Exception as error:  # of a damaged file, zipfile raises whatever it stumbles over
            cause = "The file was truncated, for instance by an interrupted download or copy, or is no model."
            raise self._problem(f"it is no zip archive: {error}", cause, "Save or copy it again.") from error

    def _problem(self, what: str, cause: str | None = None, remedy: str | None = None) -> CheckpointError:
        return CheckpointError(message(f"{self.path!r} cannot be loaded: {what}", cause, remedy))

    def _refused(self, member: str, why: str) -> SecurityError:
        cause = "Such an archive was not written by a library for models."
        return SecurityError(message(f"{self.path!r} is refused: member {member!r:.80} {why}", cause))

    # Checks ------------------------------------------------------------------------------------------------------

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        if len(infos) > self.policy.max_members:
            what = f"is one of {len(infos)}; the limit is {self.policy.max_members}"
            self._note(self._refused(infos[-1].filename, what))
        members: dict[str, zipfile.ZipInfo] = {}
        left = self.policy.allowed(self._file.seek(0, os.SEEK_END))
        for info in infos:
            left -= info.file_size
            why = _suspicious(info) or self._too_big(info)
            if why is None and left < 0:
                why = "and what is before it unpack to much more than the archive has"
            if why is None and info.filename in members:
                why = "is there twice"
            if why is not None:
                self._note(self._refused(info.filename, why))
                continue
            members[info.filename] = info
        missing = [name for name in (METADATA, CONFIG, WEIGHTS) if name not in members]
        if missing:
            what = f"no member {' and no member '.join(missing)}"
            held = ", ".join(list(members)[:5]) or "nothing"
            self._note(self._problem(what, f"It is a zip archive, but not of a model; it holds: {held}."))
        return members

    def _note(self, problem: KmbError) -> None:
        if self._refuse:
            raise problem
        self.problems.append(problem)

    def _too_big(self, info: zipfile.ZipInfo) -> str | None:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > MEBIBYTE and ratio > self.policy.max_ratio:
            return f"unpacks to {ratio:.0f} times its size; the limit is {self.policy.max_ratio:g}"
        if info.filename in (METADATA, CONFIG) and info.file_size > self.policy.max_text_bytes:
            return f"has {info.file_size} bytes; the limit is {self.policy.max_text_bytes}"
        return None

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """The members' sizes by name, unpacked and in the archive."""
        return {name: (info.file_size, info.compress_size) for name, info in self._members.items()}

    # Contents ----------------------------------------------------------------------------------------------------

    def json(self, name: str) -> dict[str, Any]:
        """A member that is JSON text of an object."""
        return json_object(self._bytes(name), f"{self.path!r}: {name}", self.policy)

    def _bytes(self, name: str) -> bytes:
        unpacked = io.BytesIO()
        self._unpack(self._members[name], unpacked)
        return unpacked.getvalue()

    def weights(self) -> BinaryIO:
        """The HDF5 file inside, as a file that can be read anywhere; its checksum is verified."""
        info = self._members[WEIGHTS]
        if info.compress_type == zipfile.ZIP_STORED:
            return self._in_place(info)
        # An unnamed file: it goes when it is closed, and it outlives this method.
        unpacked = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
        self._unpack(info, unpacked)
        unpacked.seek(0)
        return unpacked  # type: ignore[return-value]  # it has all methods of a binary file

    def _in_place(self, info: zipfile.ZipInfo) -> BinaryIO:
        try:
            self._zip.open(info).close()  # which compares the member's own header with the list
            start = self._start_of(info)
            found = checksum(self._file, start, info.file_size)
        except Exception as error:
            raise self._damaged(info, error) from error
        if found != info.CRC or info.file_size != info.compress_size:
            raise self._damaged(info, "its checksum is another one")
        return _part(self._file, start, info.file_size)

    def assets(self) -> dict[str, bytes]:
        """The members below `assets/`, by the rest of their names."""
        infos = [i for name, i in self._members.items() if name.startswith(ASSETS) and not name.endswith("/")]
        if sum(info.file_size for info in infos) > self.policy.max_asset_bytes:
            raise self._refused(infos[0].filename, f"and the others exceed {self.policy.max_asset_bytes} bytes")
        return {info.filename.removeprefix(ASSETS): self._bytes(info.filename) for info in infos}

    def _unpack(self, info: zipfile.ZipInfo, target: Any) -> None:
        """Copy a member; its size and checksum must be those that the archive states."""
        left = info.file_size
        try:
            with self._zip.open(info) as source:
                while chunk := source.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise self._refused(info.filename, "is longer than the archive states")
                    target.write(chunk)
        except Exception as error:
            if isinstance(error, KmbError):
                raise
            raise self._damaged(info, error) from error
        if left:
            raise self._damaged(info, "it ends too early")

    def _damaged(self, info: zipfile.ZipInfo, why: Any) -> CheckpointError:
        cause = "The file was truncated or changed after it was saved."
        return self._problem(f"member {info.filename} is damaged: {why}", cause, "Copy or save it again.")

    def _start_of(self, info: zipfile.ZipInfo) -> int:
        """Where a stored member's bytes begin: behind its own header, whose two last fields are lengths."""
        self._file.seek(info.header_offset)
        header = self._file.read(30)
        return (
            info.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        )


def open_file(path: str) -> BinaryIO:
    """Open a file for reading, with an error that says what is wrong."""
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise MissingFileError(
            message(f"{path!r} cannot be loaded: no such file", None, f"The working folder is {os.getcwd()!r}.")
        ) from error
    except OSError as error:
        raise FileAccessError(message(f"{path!r} cannot be loaded: {error.strerror or error}")) from error


def _suspicious(info: zipfile.ZipInfo) -> str | None:
    """What is wrong with an entry, whatever it holds."""
    name = info.orig_filename  # `filename` ends at the first NUL
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"):
        return "has a name that leaves the archive"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a symbolic link" if kind == stat.S_IFLNK else "is no file but a device"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is compressed in a way that is not used here ({info.compress_type})"
    return None


def _part(file: BinaryIO, start: int, size: int) -> BinaryIO:
    return io.BufferedReader(_Window(file, start, size))  # type: ignore[return-value]  # a binary file


class _NewPart:
    """The end of a file that is written, as a file."""

    def __init__(self, file: io.BufferedRandom, start: int) -> None:
        self._file, self._start = file, start
        self.write, self.read, self.readinto, self.flush = file.write, file.read, file.readinto, file.flush

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; see `io.IOBase`."""
        return self._file.seek(offset + (self._start if whence == os.SEEK_SET else 0), whence) - self._start

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell() - self._start

    def truncate(self, size: int) -> int:
        """Set the length."""
        return self._file.truncate(self._start + size) - self._start


class _Window(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self.start, self._size, self._position = file, start, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; see `io.IOBase`."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Where it is."""
        return self._position

    def fileno(self) -> int:
        """Of the whole file, in which the part begins at `start`."""
        return self._file.fileno()

    def readinto(self, buffer: Any) -> int:
        """Read as much as fits, up to the end of the part."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._position)]
        self._file.seek(self.start + self._position)
        count = self._file.readinto(view)  # type: ignore[attr-defined]  # binary files have it
        self._position += count
        return count
