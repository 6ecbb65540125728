"""Hashes of text, for whole arrays at once, without any framework.

`fingerprint64` is FarmHash's Fingerprint64 (Google, published under the MIT licence: the 64-bit hash of "farmhashna"),
`strong_hash` is SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, section 2). Both are
fixed for all time, so that a bucket means the same wherever and whenever it is computed.

Texts that take the same rounds are hashed together, in NumPy's wrapping uint64 (`packed_bytes`).
"""

from collections.abc import Callable, Sequence

import numpy as np

from kmb_core.layers.preprocessing.packed_bytes import PackedBytes, packed

U = np.uint64
K0, K1, K2 = U(0xC3A5C85C97CB3127), U(0xB492B66FBE98F273), U(0x9AE16A3B2F90404F)
CROSS = U(0xC6A4A7935BD1E995)
CROSS_KEY = U(0xDECAFCAFFE)  # what hashes of crossed features start from


def fingerprint64(texts: Sequence[bytes] | PackedBytes) -> np.ndarray:
    """FarmHash's Fingerprint64 of each text, as uint64 of shape `(texts,)`."""
    rows = texts if isinstance(texts, PackedBytes) else packed(texts)
    return _by_rounds(rows, _farm_kind(rows.lengths), _farm)


def strong_hash(texts: Sequence[bytes] | PackedBytes, key: Sequence[int]) -> np.ndarray:
    """SipHash-2-4 of each text under a key of two words, as uint64 of shape `(texts,)`."""
    words = np.array([word % 2**64 for word in key], U)
    rows = texts if isinstance(texts, PackedBytes) else packed(texts)
    return _by_rounds(rows, rows.lengths // 8, lambda rows, rounds: _sip(rows, rounds, words))


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One fingerprint for two, which depends on their order."""
    with np.errstate(over="ignore"):
        mixed = (first ^ CROSS) ^ (_shift_mix(second * CROSS) * CROSS)
        return _shift_mix(_shift_mix(mixed * CROSS) * CROSS)


def _by_rounds(rows: PackedBytes, rounds: np.ndarray, hashed: Callable[[PackedBytes, int], np.ndarray]) -> np.ndarray:
    """Texts with the same number of rounds together."""
    result = np.empty(len(rows), U)
    with np.errstate(over="ignore"):
        for count in np.flatnonzero(np.bincount(rounds)).tolist():
            places = np.flatnonzero(rounds == count)
            result[places] = hashed(rows[places], count)
    return result


def _rotate(x: np.ndarray, bits: int) -> np.ndarray:
    """To the right."""
    return (x >> U(bits)) | (x << U(64 - bits))


def _shift_mix(x: np.ndarray) -> np.ndarray:
    return x ^ (x >> U(47))


def _mix_two(u: np.ndarray, v: np.ndarray, multiplier: np.ndarray) -> np.ndarray:
    first = _shift_mix((u ^ v) * multiplier)
    return _shift_mix((v ^ first) * multiplier) * multiplier


def _farm_kind(lengths: np.ndarray) -> np.ndarray:
    """The kind of each length: 0 to 5 up to 64 bytes, above that 6 and more, by the rounds it takes."""
    return np.where(lengths > 64, 5 + (lengths - 1) // 64, KINDS[np.minimum(lengths, 64)])


def _farm(rows: PackedBytes, kind: int) -> np.ndarray:
    if kind >= len(FARM_TO):
        return _farm_long(rows, kind - 5)
    return FARM_TO[kind](rows, rows.lengths.astype(U))


def _farm_to_0(rows: PackedBytes, length: np.ndarray) -> np.ndarray:
    return np.full(len(rows), K2)


def _farm_to_3(rows: PackedBytes, length: np.ndarray) -> np.ndarray:
    first, middle, last = (rows.word(place, 1) for place in (0, rows.lengths >> 1, rows.lengths - 1))
    return _shift_mix(((first + (middle << U(8))) * K2) ^ ((length + (last << U(2))) * K0)) * K2


def _farm_to_7(rows: PackedBytes, length: np.ndarray) -> np.ndarray:
    return _mix_two(length + (rows.word(0, 4) << U(3)), rows.from_end(4, 4), U(2) * length + K2)


def _farm_to_16(rows: PackedBytes, length: np.ndarray) -> np.ndarray:
    multiplier = U(2) * length + K2
    a, b = rows.word(0) + K2, rows.from_end(8)
    return _mix_two(_rotate(b, 37) * multiplier + a, (_rotate(a, 25) + b) * multiplier, multiplier)


def _farm_to_32(rows: PackedBytes, length: np.ndarray) -> np.ndarray:
    multiplier = U(2) * length + K2
    a, b = rows.word(0) * K1, rows.word(8)
    c, d = rows.from_end(8) * multiplier, rows.from_end(16) * K2
    return _mix_two(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + K2, 18) + c, multiplier)


def _farm_to_64(rows: PackedBytes, length: np.ndarray) -> np.ndarray:
    multiplier = U(2) * length + K2
    a, b = rows.word(0) * K2, rows.word(8)
    c, d = rows.from_end(8) * multiplier, rows.from_end(16) * K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _mix_two(y, a + _rotate(b + K2, 18) + c, multiplier)
    e, f = rows.word(16) * multiplier, rows.word(24)
    g, h = (y + rows.from_end(32)) * multiplier, (z + rows.from_end(24)) * multiplier
    return _mix_two(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, multiplier)


KINDS = np.repeat(np.arange(6), [1, 3, 4, 9, 16, 32])  # of the lengths 0 to 64
FARM_TO = (_farm_to_0, _farm_to_3, _farm_to_7, _farm_to_16, _farm_to_32, _farm_to_64)


def _weak(rows: PackedBytes, start: int | np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two words of state from 32 bytes."""
    w, x, y, z = (rows.word(start + 8 * i) for i in range(4))
    a = a + w
    b = _rotate(b + a + z, 21)
    c = a
    a = a + x + y
    return a + z, b + _rotate(a, 44) + c


def _farm_long(rows: PackedBytes, rounds: int) -> np.ndarray:
    count, length = len(rows), rows.lengths
    seed = U(81)
    y = np.full(count, seed * K1 + U(113))
    z = _shift_mix(y * K2 + U(113)) * K2
    v = w = (np.zeros(count, U), np.zeros(count, U))
    x = seed * K2 + rows.word(0)
    for start in range(0, rounds * 64, 64):
        x, y, z, v, w = _farm_round(rows, start, x, y, z, v, w, K1, U(1))
    multiplier = K1 + ((z & U(0xFF)) << U(1))
    w = (w[0] + ((length - 1) & 63).astype(U), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x, y, z, v, w = _farm_round(rows, length - 64, x, y, z, v, w, multiplier, U(9))
    first = _mix_two(v[0], w[0], multiplier) + _shift_mix(y) * K0 + z
    return _mix_two(first, _mix_two(v[1], w[1], multiplier) + x, multiplier)


def _farm_round(
    rows: PackedBytes,
    start: int | np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    v: tuple[np.ndarray, np.ndarray],
    w: tuple[np.ndarray, np.ndarray],
    multiplier: np.ndarray,
    weight: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """64 bytes taken into the state; x and z change places at its end."""
    x = _rotate(x + y + v[0] + rows.word(start + 8), 37) * multiplier
    y = _rotate(y + v[1] + rows.word(start + 48), 42) * multiplier
    x = x ^ (w[1] * weight)
    y = y + v[0] * weight + rows.word(start + 40)
    z = _rotate(z + w[0], 33) * multiplier
    v = _weak(rows, start, v[1] * multiplier, x + w[0])
    w = _weak(rows, start + 32, z + w[1], y + rows.word(start + 16))
    return z, y, x, v, w


def _sip(rows: PackedBytes, rounds: int, key: np.ndarray) -> np.ndarray:
    constants = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    v = [np.full(len(rows), U(constant) ^ key[i % 2]) for i, constant in enumerate(constants)]
    rest = (rows.lengths % 8).astype(U) * U(8)
    last = rows.word(rounds * 8) & ((U(1) << rest) - U(1)) | rows.lengths.astype(U) << U(56)
    for word in (*(rows.word(place) for place in range(0, rounds * 8, 8)), last):
        v[3] = v[3] ^ word
        v = _sip_round(_sip_round(v))
        v[0] = v[0] ^ word
    v[2] = v[2] ^ U(0xFF)
    for _ in range(4):
        v = _sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _sip_round(v: list[np.ndarray]) -> list[np.ndarray]:
    a, b, c, d = v
    a, c = a + b, c + d
    b, d = _rotate(b, 64 - 13) ^ a, _rotate(d, 64 - 16) ^ c
    a = _rotate(a, 32)
    c, a = c + b, a + d
    b, d = _rotate(b, 64 - 17) ^ c, _rotate(d, 64 - 21) ^ a
    return [a, b, _rotate(c, 32), d]
