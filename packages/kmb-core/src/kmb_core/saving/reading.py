"""Parts of a file into memory, by several threads: copying from the system's cache is all that a large array costs."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, NamedTuple

import numpy as np

_LEAST = 16 << 20  # bytes of a thread
_MOST = 8  # threads


class Place(NamedTuple):
    """Where a file lies in another one, or in itself."""

    descriptor: int
    start: int
    size: int


def place_of(source: BinaryIO) -> Place | None:
    """Where the contents of a binary file are; None where no descriptor leads to them.

    Args:
        source: a file, or a part of an archive.
    """
    if not hasattr(os, "preadv"):
        return None
    try:
        descriptor = source.fileno()
    except (OSError, AttributeError):  # in memory
        return None
    here = source.tell()
    size = source.seek(0, os.SEEK_END)
    source.seek(here)
    return Place(descriptor, getattr(getattr(source, "raw", None), "start", 0), size)


def read_into(buffer: memoryview, descriptor: int, start: int) -> None:
    """Fill memory from a place in a file.

    Args:
        buffer: of bytes.
        descriptor: of the file.
        start: the place.

    Raises:
        EOFError: where the file ends before.
    """

    def fill(begin: int, end: int) -> None:
        while begin < end:
            count = os.preadv(descriptor, [buffer[begin:end]], start + begin)
            if not count:
                raise EOFError("the file ends too early")
            begin += count

    in_pieces(fill, len(buffer))


def read_file(source: BinaryIO, start: int, out: np.ndarray) -> None:
    """Fill an array from a place in a binary file.

    Args:
        source: the file.
        start: the place.
        out: of uint8, contiguous.

    Raises:
        EOFError: where the file ends before.
    """
    place = place_of(source)
    if place is not None:
        read_into(memoryview(out), place.descriptor, place.start + start)
        return
    source.seek(start)
    left = memoryview(out)
    while len(left):
        count = source.readinto(left)  # type: ignore[attr-defined]  # binary files have it
        if not count:
            raise EOFError("the file ends too early")
        left = left[count:]


def in_pieces(work: Callable[[int, int], Any], size: int, least: int = _LEAST, threads: int | None = None) -> list[Any]:
    """What a function makes of the pieces of something, one after the other.

    Args:
        work: is given where a piece begins and where it ends.
        size: of the whole.
        least: of a piece that is worth a thread.
        threads: how many; None for as many as there are processors and the size is worth.
    """
    count = threads or max(1, min(_MOST, len(_processors()), size // least))
    borders = [size * index // count for index in range(count + 1)]
    if count == 1:
        return [work(0, size)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, borders[:-1], borders[1:]))


def _processors() -> Any:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


__all__ = ["Place", "in_pieces", "place_of", "read_file", "read_into"]
