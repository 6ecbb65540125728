"""The checksum of a part of a file, as zip archives have it, worked out by several threads.

CRC-32 takes longer than reading from the system's cache (2 GB/s on a core), and each thread can take a piece: the
checksum of two pieces follows from theirs and the length of the second, because zeros behind a piece change its
checksum by a linear map over GF(2).
"""

import os
import zlib
from collections.abc import Callable
from typing import Any

from kmb_core.saving.reading import in_pieces

_POLYNOMIAL = 0xEDB88320
_PIECE = 1 << 18  # fits a processor's cache
_LEAST = 32 << 20  # bytes of a thread


def checksum(file: Any, start: int, size: int, threads: int | None = None) -> int:
    """CRC-32 of a part of a file.

    Args:
        file: a binary file, open for reading, all of it written out.
        start: where the part begins.
        size: its length.
        threads: how many work on it; None for as many as there are processors and the size is worth.

    Raises:
        EOFError: where the file is shorter.
    """
    if not hasattr(os, "preadv"):  # reading at a place without moving there, so that several can
        file.seek(start)
        return _of_piece(file.readinto, size)

    def of_piece(begin: int, end: int) -> tuple[int, int]:
        return _of_piece(_reader(file.fileno(), start + begin), end - begin), end - begin

    (first, _), *others = in_pieces(of_piece, size, _LEAST, threads)
    for crc, length in others:
        first = joined(first, crc, length)
    return first


def _reader(descriptor: int, place: int) -> Callable[[memoryview], int]:
    def read(buffer: memoryview) -> int:
        nonlocal place
        count = os.preadv(descriptor, [buffer], place)
        place += count
        return count

    return read


def _of_piece(read: Callable[[memoryview], int], left: int) -> int:
    crc, buffer = 0, memoryview(bytearray(_PIECE))
    while left:
        count = read(buffer[:left])
        if not count:
            raise EOFError("the file ends too early")
        crc = zlib.crc32(buffer[:count], crc)
        left -= count
    return crc


def joined(first: int, second: int, length: int) -> int:
    """The checksum of two pieces of a file, one after the other.

    Args:
        first: of the first piece.
        second: of the second.
        length: of the second, in bytes.
    """
    matrix = [_POLYNOMIAL, *(1 << bit for bit in range(31))]  # what one zero bit makes of each bit
    for _ in range(3):
        matrix = _squared(matrix)
    while length:
        if length & 1:
            first = _times(matrix, first)
        matrix = _squared(matrix)
        length >>= 1
    return first ^ second


def _times(matrix: list[int], vector: int) -> int:
    found = 0
    for column in matrix:
        if vector & 1:
            found ^= column
        vector >>= 1
    return found


def _squared(matrix: list[int]) -> list[int]:
    return [_times(matrix, column) for column in matrix]


__all__ = ["checksum", "joined"]
