"""One file brought from an address: whole, checked, and taken up again where a connection broke.

The bytes go into `NAME.partial`; beside it lies what the server said of its version, so that a later call goes on with
it only if the file at the address is still the same. The file itself appears when it is complete.
"""

import errno
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kmb_core.errors import CheckpointError, FileAccessError, message

ATTEMPTS = 4
SILENCE = 60.0  # seconds without a byte after which a connection counts as broken
PAUSE = 0.5  # seconds before the second attempt; doubled for each further one
CHUNK = 2**18
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SCHEMES = ("http", "https", "ftp", "file")


def transfer(origin: str, target: str, check: Callable[[str], None], report: Callable[[int, int | None], None]) -> None:
    """Bring a file.

    Args:
        origin: its address.
        target: where it is to be.
        check: raises an error for a complete file that is not the right one.
        report: called with the number of bytes that are there and of all, None where it is not known.

    Raises:
        FileAccessError: when the address cannot be reached, the connection breaks again and again, or the disk is full.
    """
    if origin.partition(":")[0].lower() not in _SCHEMES:
        raise ValueError(f"get_file: an address begins with {', '.join(_SCHEMES)}; got {origin!r:.80}")
    partial = target + ".partial"
    try:
        _bring(origin, target, partial, report)
        _finish(partial, target, check)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _forget(partial)  # it would keep the disk full
        raise _disk_is_full(origin, target, error) from error


def _bring(origin: str, target: str, partial: str, report: Callable[[int, int | None], None]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            return _continue(origin, partial, report)
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) in _FULL:
                raise
            if attempt == ATTEMPTS - 1 or _is_final(error):
                raise _failed(origin, target, error) from error
            time.sleep(PAUSE * 2**attempt)


def _finish(partial: str, target: str, check: Callable[[str], None]) -> None:
    try:
        check(partial)
        with open(partial, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, target)
    finally:
        _forget(partial)


def _forget(partial: str) -> None:
    for path in (partial, partial + ".version"):
        with suppress(FileNotFoundError):
            os.unlink(path)


def _is_final(error: Exception) -> bool:
    """Whether trying again is of no use: the server has answered, or there is no such file."""
    if isinstance(error, urllib.error.HTTPError):
        return 400 <= error.code < 500 and error.code not in (408, 416, 429)
    reason = getattr(error, "reason", error)
    return isinstance(reason, FileNotFoundError | PermissionError | IsADirectoryError | ConnectionRefusedError)


def _failed(origin: str, target: str, error: Exception) -> FileAccessError:
    reason = f"HTTP status {error.code}" if isinstance(error, urllib.error.HTTPError) else error
    what = f"get_file: {origin} cannot be downloaded: {reason}"
    remedy = f"Check the address and the network, or bring the file by other means and put it at {target}."
    if _size(target + ".partial"):
        return FileAccessError(message(what, "What was received is kept, and a new call goes on from there.", remedy))
    return FileAccessError(message(what, None, remedy))


def _disk_is_full(origin: str, target: str, error: Exception) -> FileAccessError:
    what = f"get_file: {origin} cannot be written to {os.path.dirname(target)}: {error}"
    remedy = "Make room, give cache_dir, or set KMB_HOME to a folder on another disk."
    return FileAccessError(message(what, "Nothing of the file was kept.", remedy))


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _continue(origin: str, partial: str, report: Callable[[int, int | None], None]) -> None:
    version = _read(partial + ".version")
    size = _size(partial) if version else 0
    request = urllib.request.Request(origin, headers={"User-Agent": "kmb", "Accept-Encoding": "identity"})
    if size and version:
        request.add_header("Range", f"bytes={size}-")
        request.add_header("If-Range", version)
    try:
        response = urllib.request.urlopen(request, timeout=SILENCE)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the file there is shorter than what is here
            _forget(partial)
        raise
    with response:
        goes_on = getattr(response, "status", None) == 206
        _receive(response, partial, size if goes_on else 0, report)


def _receive(response: Any, partial: str, start: int, report: Callable[[int, int | None], None]) -> None:
    length = response.headers.get("Content-Length")
    total = start + int(length) if length and length.isdigit() else None
    if not start:
        _write(partial + ".version", response.headers.get("ETag") or response.headers.get("Last-Modified") or "")
    received = start
    with open(partial, "ab" if start else "wb") as file:
        report(received, total)
        while chunk := response.read(CHUNK):
            file.write(chunk)
            received += len(chunk)
            report(received, total)
    if total is not None and received < total:
        raise ConnectionError(f"the connection ended after {received} of {total} bytes")


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            version = file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
    # A weak ETag does not say that the bytes are the same.
    return "" if version.startswith("W/") or not version.isprintable() else version


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def digest(path: str, algorithm: str) -> str:
    """The hash of a file, in hexadecimal digits.

    Args:
        path: the file.
        algorithm: "sha256" or "md5".
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def checker(origin: str, expected: str | None, algorithm: str) -> Callable[[str], None]:
    """What compares a file with the hash that it must have; anything passes where that is None."""

    def check(path: str) -> None:
        if expected is None:
            return
        found = digest(path, algorithm)
        if found != expected.lower():
            what = f"get_file: {origin} has the {algorithm} {found}, expected {expected}"
            raise CheckpointError(message(what, "The file was damaged on the way, or is another one than it was."))

    return check
