"""Looking up many short tokens at once, without making a Python object of each.

A token of up to 16 bytes is two words of 64 bits, filled up with zeros. Whole arrays of such pairs are looked up in a
hash table of NumPy arrays: a slot for each, the next one where it is taken (linear probing). Longer tokens, and those
with a zero byte, are left to a dict.
"""

import string
from collections import Counter
from collections.abc import Mapping
from itertools import repeat

import numpy as np

U = np.uint64
SIZE = 16  # bytes in a packed token
_FIRST, _SECOND = U(0x9E3779B97F4A7C15), U(0xC2B2AE3D27D4EB4F)
_EMPTY = np.iinfo(np.int64).min
_KEPT = np.array([2 ** (8 * size) - 1 for size in range(9)], U)  # masks of the first bytes of a word
_BORDER = 0xFF  # in no UTF-8
_SPACES = np.zeros(256, bool)
_SPACES[[*string.whitespace.encode(), _BORDER]] = True


class PackedTable:
    """Numbers of tokens.

    Args:
        tokens: {token: number}.
        unknown: what stands for others.
    """

    def __init__(self, tokens: Mapping[bytes, int], unknown: int) -> None:
        self.unknown = unknown
        short = [token for token in tokens if len(token) <= SIZE and 0 not in token]
        self.others = {token: number for token, number in tokens.items() if len(token) > SIZE or 0 in token}
        words = np.frombuffer(b"".join(token.ljust(SIZE, b"\0") for token in short), "<u8").reshape(-1, 2)
        self._fill(words[:, 0], words[:, 1], np.array([tokens[token] for token in short], np.int64))

    def _fill(self, low: np.ndarray, high: np.ndarray, numbers: np.ndarray) -> None:
        size = 1 << max(4 * len(numbers), 8).bit_length()
        self.mask = U(size - 1)
        self.low, self.high = np.zeros(size, U), np.zeros(size, U)
        self.numbers = np.full(size, _EMPTY)
        owner = np.full(size, -1)
        slots, pending = self._slots(low, high), np.arange(len(numbers))
        while len(pending):
            wanted = slots[pending]
            free = owner[wanted] < 0
            owner[wanted[free]] = pending[free]  # of several that want a slot the last has it
            pending = pending[owner[wanted] != pending]
            slots[pending] = (slots[pending] + U(1)) & self.mask
        taken = np.flatnonzero(owner >= 0)
        self.low[taken], self.high[taken] = low[owner[taken]], high[owner[taken]]
        self.numbers[taken] = numbers[owner[taken]]

    def _slots(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return (_mixed(low, high) >> U(32)) & self.mask

    def find(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The numbers of packed tokens, as int64."""
        slots = self._slots(low, high)
        result = np.full(len(low), self.unknown)
        places = None  # of those that are still looked for; all at first
        while len(slots):
            found = self.numbers[slots]
            same = (self.low[slots] == low) & (self.high[slots] == high)
            same &= found != _EMPTY
            if places is None:
                result = np.where(same, found, result)
            else:
                result[places[same]] = found[same]
            left = np.flatnonzero(~same & (found != _EMPTY))
            places = left if places is None else places[left]
            low, high, slots = low[left], high[left], (slots[left] + U(1)) & self.mask
        return result

    def of_text(self, text: bytes, rows: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The numbers of the tokens of cleaned texts, and how many each text has.

        Args:
            text: the texts, the byte 0xff behind each.
            rows: how many there are.

        Returns:
            None where a text holds a zero or 0xff byte.
        """
        if text.count(b"\xff") != rows or b"\0" in text:
            return None
        text, spaces = _with_spaces(text)
        starts, ends = _borders(spaces)
        ids = self.find(*_packed(np.frombuffer(text, "<u8"), starts, ends - starts))
        for place in np.flatnonzero(ends - starts > SIZE).tolist():
            ids[place] = self.others.get(text[starts[place] : ends[place]], self.unknown)
        texts = np.flatnonzero(np.frombuffer(text, np.uint8) == _BORDER)
        return ids, np.diff(np.searchsorted(starts, texts), prepend=0)


def counts_of_tokens(text: bytes) -> dict[bytes, int] | None:
    """How often each token occurs in a long text.

    Args:
        text: tokens with white space between them.

    Returns:
        None where the text holds a zero or 0xff byte.
    """
    if b"\xff" in text or b"\0" in text:
        return None
    text, spaces = _with_spaces(text)
    starts, ends = _borders(spaces)
    is_long = ends - starts > SIZE
    long_ones = Counter(_pieces(text, starts[is_long], ends[is_long]))
    starts, ends = starts[~is_long], ends[~is_long]
    places, counts = _occurrences(*_packed(np.frombuffer(text, "<u8"), starts, ends - starts))
    return {**long_ones, **dict(zip(_pieces(text, starts[places], ends[places]), counts.tolist(), strict=True))}


def _pieces(text: bytes, starts: np.ndarray, ends: np.ndarray) -> list[bytes]:
    return [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _occurrences(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One place of each of the packed tokens, and how often it occurs.

    Each token writes its place into a slot of a table; those that find their like there are counted with it, the others
    go on to the next table.
    """
    mixed, places = _mixed(low, high), np.arange(len(low), dtype=np.int32)
    found: list[np.ndarray] = [places[:0]]
    counts: list[np.ndarray] = [places[:0]]
    while len(places):
        bits = (2 * len(places)).bit_length()
        slots = (mixed >> U(64 - bits)).astype(np.int32)
        owner = np.empty(1 << bits, np.int32)
        owner[slots] = np.arange(len(places), dtype=np.int32)
        owners = owner[slots]
        same = (low[owners] == low) & (high[owners] == high)
        times = np.bincount(owners[same])
        first = np.flatnonzero(times)
        found.append(places[first])
        counts.append(times[first])
        left = np.flatnonzero(~same)
        low, high, places, mixed = low[left], high[left], places[left], mixed[left] * _SECOND
    return np.concatenate(found), np.concatenate(counts)


class LetterTable:
    """Numbers of texts in arrays of str, whose letters are mostly of Latin-1: a byte each, as they lie in the array.

    Args:
        tokens: {token: number}.
        unknown: what stands for others.
    """

    def __init__(self, tokens: Mapping[str, int], unknown: int) -> None:
        self.tokens, self.unknown = tokens, unknown
        self.with_zeros = any("\0" in token for token in tokens)  # which no packed token has
        plain = {token: number for token, number in tokens.items() if all(letter < "\u0100" for letter in token)}
        self.packed = PackedTable({token.encode("latin-1"): number for token, number in plain.items()}, unknown)

    def of_array(self, words: np.ndarray) -> np.ndarray:
        """The numbers of an array of str of shape `(words,)`."""
        letters = np.ascontiguousarray(words).view(np.uint32).reshape(len(words), words.dtype.itemsize // 4)
        packed = np.zeros((len(words), SIZE), np.uint8)
        packed[:, : letters.shape[1]] = letters[:, :SIZE]
        both = packed.view("<u8")
        ids = self.packed.find(both[:, 0], both[:, 1])
        odd = letters.max(1, initial=0) > 0xFF if letters.size and letters.max() > 0xFF else np.zeros(len(words), bool)
        if letters.shape[1] > SIZE:
            odd |= letters[:, SIZE:].any(1)
        if self.with_zeros:
            odd |= ids == self.unknown
        places = np.flatnonzero(odd)
        values = words[places].tolist()
        ids[places] = np.fromiter(map(self.tokens.get, values, repeat(self.unknown)), np.int64, len(values))
        return ids


def _mixed(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Hashes of packed tokens, whose upper bits are the best ones."""
    mixed = low * _FIRST ^ high * _SECOND
    mixed ^= mixed >> U(29)
    mixed *= _FIRST
    return mixed


def _with_spaces(text: bytes) -> tuple[bytes, np.ndarray]:
    """A text with spaces around it, to be read in words of 64 bits, and which of its bytes are between tokens."""
    text = b" " + text + b" " * (24 + (-1 - len(text)) % 8)
    return text, _SPACES[np.frombuffer(text, np.uint8)]


def _borders(spaces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where tokens start, and where they end."""
    edges = np.flatnonzero(spaces[1:] != spaces[:-1]) + 1
    return edges[::2], edges[1::2]


def _packed(words: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first 16 bytes from each start, zeros behind its length, out of memory that is read in aligned words."""
    place, shift = starts >> 3, ((starts & 7) << 3).astype(U)
    back = U(64) - shift
    first, second, third = words[place], words[place + 1], words[place + 2]
    whole = shift == 0
    low = np.where(whole, first, (first >> shift) | (second << (back & U(63))))
    high = np.where(whole, second, (second >> shift) | (third << (back & U(63))))
    return low & _KEPT[np.minimum(lengths, 8)], high & _KEPT[np.clip(lengths - 8, 0, 8)]
