"""PackedBytes: many texts as one row of bytes, of which whole columns of words are read at once.

A text is a start and a length. A word at any place of all texts is one gather from a view of the bytes in which a
number starts at each of them, so texts of different lengths are taken together and none of them becomes an object.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WORD = 8


@dataclass(frozen=True)
class PackedBytes:
    """Texts, one behind the other.

    Attributes:
        flat: their bytes, of shape `(bytes + 8,)`: a word can be read at each place, the last one too.
        starts, lengths: where each text begins and how many bytes it has, of shape `(texts,)`, int64.
    """

    flat: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, places: np.ndarray) -> "PackedBytes":
        return PackedBytes(self.flat, self.starts[places], self.lengths[places])

    def word(self, place: int | np.ndarray, size: int = WORD) -> np.ndarray:
        """The little-endian number in `size` bytes of each text, from a place that may differ among them, as uint64."""
        numbers = np.ndarray(len(self.flat) - WORD + 1, f"<u{size}", self.flat, strides=(1,))
        return numbers[self.starts + place].astype(np.uint64)

    def from_end(self, place: int, size: int = WORD) -> np.ndarray:
        """The same, counted backwards from the end of each text."""
        return self.word(self.lengths - place, size)

    def equals(self, text: bytes) -> np.ndarray:
        """Which of them are a text, as booleans of shape `(texts,)`."""
        same = self.lengths == len(text)
        places = self.starts[same][:, None] + np.arange(len(text))
        same[same] = (self.flat[places] == np.frombuffer(text, np.uint8)).all(axis=1)
        return same


def packed(texts: Sequence[bytes]) -> PackedBytes:
    """Texts of a list."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return PackedBytes(_flat(b"".join(texts)), np.cumsum(lengths) - lengths, lengths)


def packed_text(texts: Sequence[str]) -> PackedBytes:
    """Texts of a list as UTF-8.

    Raises:
        UnicodeEncodeError: for half a surrogate pair.
    """
    content = "".join(texts).encode()
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    flat = _flat(content)
    if len(ends) and ends[-1] != len(content):  # a character starts at each byte that continues none
        firsts = np.flatnonzero((flat[: len(content)] & 0xC0) != 0x80)
        ends = np.append(firsts, len(content))[ends]
    lengths = np.diff(ends, prepend=0)
    return PackedBytes(flat, ends - lengths, lengths)


def packed_array(texts: np.ndarray) -> PackedBytes:
    """Texts of an array of dtype "S", or of "U" as UTF-8, in order.

    Raises:
        UnicodeEncodeError: for half a surrogate pair.
    """
    size = texts.itemsize // (4 if texts.dtype.kind == "U" else 1)
    if not size or not texts.size:
        return packed([b""] * texts.size)
    texts = np.ascontiguousarray(texts).reshape(-1)
    lengths = np.char.str_len(texts)
    if texts.dtype.kind == "S":
        return PackedBytes(_flat(texts.tobytes()), np.arange(len(texts)) * size, lengths)
    points = texts.astype(texts.dtype.newbyteorder("<"), copy=False).view("<u4").reshape(-1, size)
    content = points.tobytes().decode("utf-32-le", "surrogatepass").encode()
    widths = np.full(len(points), size)
    for limit in (0x80, 0x800, 0x10000):  # from each of them on, a character has one more byte
        if widths.sum() == len(content):
            break
        widths += np.count_nonzero(points >= limit, axis=1)
    return PackedBytes(_flat(content), np.cumsum(widths) - widths, lengths + widths - size)


def _flat(content: bytes) -> np.ndarray:
    return np.frombuffer(content + bytes(WORD), np.uint8)
