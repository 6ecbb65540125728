"""Compressed arrays of HDF5 files: whether what is compressed in them is as long as the file states.

HDF5 unpacks a chunk whole, however long it turns out to be; so its length is found out first, a piece at a time.
"""

import math
import zlib
from typing import Any

_GZIP, _SHUFFLE, _CHECKSUM = 1, 2, 3
_PIECE = 1 << 20


def longer_than_declared(dataset: Any) -> bool:
    """Whether a chunk unpacks to more than its share of the array.

    Args:
        dataset: of h5py; its filters are among those that h5py itself has, each once.
    """
    filters = _filters(dataset)
    if _GZIP not in filters:
        return False  # a checksum and a shuffle keep the length, and lzf at most multiplies it by 90
    if _after_gzip(filters) not in ([], [_CHECKSUM]) or set(filters[: filters.index(_GZIP)]) - {_SHUFFLE, _CHECKSUM}:
        return True  # compressed twice, in different ways
    size = math.prod(dataset.chunks) * dataset.dtype.itemsize + 4  # and a checksum
    return any(_is_longer(dataset, filters, index, size) for index in range(dataset.id.get_num_chunks()))


def _filters(dataset: Any) -> list[int]:
    properties = dataset.id.get_create_plist()
    return [properties.get_filter(index)[0] for index in range(properties.get_nfilters())]


def _after_gzip(filters: list[int]) -> list[int]:
    return filters[filters.index(_GZIP) + 1 :]


def _is_longer(dataset: Any, filters: list[int], index: int, size: int) -> bool:
    place = dataset.id.get_chunk_info(index)
    skipped, content = dataset.id.read_direct_chunk(place.chunk_offset)
    if skipped & (1 << filters.index(_GZIP)):
        return False  # this chunk is not compressed
    unpacking, left = zlib.decompressobj(), size
    while left >= 0 and content and not unpacking.eof:
        try:
            left -= len(unpacking.decompress(content, min(_PIECE, left + 1)))
        except zlib.error:
            return False  # damaged: HDF5 says so itself
        content = unpacking.unconsumed_tail
    return left < 0
