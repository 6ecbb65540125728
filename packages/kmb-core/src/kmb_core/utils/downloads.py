"""get_file: a file from the network, kept in a cache."""

import os
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kmb_core import settings
from kmb_core.errors import FileAccessError, message
from kmb_core.training.progress import announce, duration
from kmb_core.utils.archives import FORMATS, unpack
from kmb_core.utils.file_lock import file_lock
from kmb_core.utils.progbar import Progbar
from kmb_core.utils.transfers import checker, digest, transfer

_LENGTHS = {32: "md5", 64: "sha256"}
_ENDINGS = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip")


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """A file from the network: downloaded once, then taken from the cache.

    A download that breaks is taken up again, and the file appears when it is whole and has the right hash. Processes
    that want the same file at once wait for the one that brings it.

    Args:
        fname: its name in the cache; the last part of the address when None.
        origin: its address: http, https, ftp or file.
        untar: the former name of `extract`, for tar archives.
        md5_hash: the former name of `file_hash`, for MD5.
        file_hash: the hash that it must have, in hexadecimal digits; a cached file with another one is brought anew.
        cache_subdir: folder in the cache.
        hash_algorithm: "sha256", "md5", or "auto", which tells them by their length.
        extract: whether the file is an archive to unpack. Links, and names that lead out of the folder, are refused.
        archive_format: "tar", "zip", "auto" for both, a list of them, or None, which unpacks nothing.
        cache_dir: the cache; the folder `KMB_HOME`, or `~/.kmb`, when None.
        force_download: whether a cached file is brought anew.

    Returns:
        The path of the file. With `extract` that of the folder with what was in it: `fname`, or for `name.tar.gz`
        the folder `name_extracted`.

    Raises:
        ValueError: for a name that is a path, no address, or an unknown hash or archive format.
        FileAccessError: when the file cannot be brought or written.
        CheckpointError: when it has another hash, or is no archive.
        SecurityError: for an archive that would write elsewhere, or too much.

    Example:
        >>> import pathlib, tempfile
        >>> import kmb_core
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     source = pathlib.Path(folder) / "words.txt"
        ...     _ = source.write_text("one two")
        ...     path = kmb_core.utils.get_file(origin=source.as_uri(), cache_dir=folder, cache_subdir="cache")
        ...     pathlib.Path(path).read_text()
        Downloading data from ...
        'one two'
    """
    if not origin:
        raise ValueError("get_file: origin is the address of the file; got none")
    name = _checked_name(fname if fname else urllib.parse.unquote(os.path.basename(urllib.parse.urlparse(origin).path)))
    expected = file_hash if file_hash is not None else md5_hash
    algorithm = _algorithm(expected, "md5" if file_hash is None and md5_hash is not None else hash_algorithm)
    formats = _formats("tar" if untar and not extract else archive_format) if extract or untar else ()
    folder = _folder(cache_dir, cache_subdir)
    archived = bool(formats) and not name.lower().endswith(_ENDINGS)
    path = os.path.join(folder, f"{name}_archive" if archived else name)
    with file_lock(path + ".lock"):
        fresh = force_download or not _is_right(path, expected, algorithm)
        if fresh:
            announce(f"Downloading data from {origin}")
            transfer(origin, path, checker(origin, expected, algorithm), _Transferred(None).report)
        if not formats:
            return path
        target = os.path.join(folder, name if archived else f"{_without_ending(name)}_extracted")
        if fresh or not os.path.isdir(target):
            unpack(path, target, formats)
    return target


def _checked_name(name: Any) -> str:
    if not isinstance(name, str | os.PathLike):
        raise TypeError(f"get_file: fname is a name, got {type(name).__name__}")
    name = os.fspath(name)
    if name in ("", ".", "..") or os.path.basename(name) != name or "\\" in name or "\0" in name:
        what = f"get_file: fname is a name without folders, got {name!r:.80}"
        raise ValueError(message(what, None, "The folder is cache_dir, and cache_subdir in it."))
    return name


def _algorithm(expected: str | None, algorithm: str) -> str:
    if algorithm not in ("auto", "sha256", "md5"):
        raise ValueError(f"get_file: hash_algorithm is 'auto', 'sha256' or 'md5'; got {algorithm!r}")
    if algorithm != "auto" or expected is None:
        return algorithm
    if len(expected) not in _LENGTHS:
        what = f"get_file: a hash of {len(expected)} digits; expected 64 (SHA-256) or 32 (MD5)"
        raise ValueError(message(what, None, "Give the whole hash, in hexadecimal digits."))
    return _LENGTHS[len(expected)]


def _formats(archive_format: Any) -> Sequence[str]:
    if archive_format is None:
        return ()
    formats = FORMATS if archive_format == "auto" else archive_format
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    if unknown := set(formats) - set(FORMATS):
        raise ValueError(f"get_file: archive_format is 'auto', 'tar', 'zip' or None; got {sorted(unknown)[0]!r}")
    return formats


def _folder(cache_dir: Any, cache_subdir: str) -> str:
    folder = Path(settings.home() if cache_dir is None else cache_dir).expanduser() / cache_subdir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError("it is read-only")
    except OSError as error:
        what = f"get_file: the cache {str(folder)!r} cannot be written: {error.strerror or error}"
        raise FileAccessError(
            message(what, None, "Give cache_dir, or set KMB_HOME to a folder of your own.")
        ) from error
    return os.fspath(folder)


def _is_right(path: str, expected: str | None, algorithm: str) -> bool:
    if not os.path.isfile(path):
        return False
    if expected is None or digest(path, algorithm) == expected.lower():
        return True
    announce(f"{path} has another {algorithm} hash than expected and is downloaded again.")
    return False


def _without_ending(name: str) -> str:
    return next(name[: -len(ending)] for ending in _ENDINGS if name.lower().endswith(ending))


class _Transferred(Progbar):
    """Shows bytes and how many come in a second, in place of steps."""

    def report(self, received: int, total: int | None) -> None:
        """Take note of what is there."""
        self.target = total
        self.update(received)

    def _parts(self, current: int, now: float, finalize: bool) -> list[str]:
        known = _size(current) if self.target is None else f"{_size(current)}/{_size(self.target)}"
        bar = "" if self.target is None else self._bar(current)
        each = self._seconds_each(current, now)
        return [known, bar, duration(now - self._started), f"{_size(1 / each)}/s" if each else ""]


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.4g} {unit}"
        count /= 1000
    return f"{count:.4g} GB"
