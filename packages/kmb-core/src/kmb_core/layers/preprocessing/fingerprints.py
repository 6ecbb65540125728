"""Hashes of text, for whole arrays at once, without any framework.

`fingerprint64` is FarmHash's Fingerprint64 (Google, published under the MIT licence: the 64-bit hash of "farmhashna"),
`strong_hash` is SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, section 2). Both are
fixed for all time, so that a bucket means the same wherever and whenever it is computed.

Texts of one length are hashed together: a matrix of bytes, one row for each text, and NumPy's wrapping uint64.
"""

from collections.abc import Callable, Sequence

import numpy as np

U = np.uint64
K0, K1, K2 = U(0xC3A5C85C97CB3127), U(0xB492B66FBE98F273), U(0x9AE16A3B2F90404F)
CROSS = U(0xC6A4A7935BD1E995)
CROSS_KEY = U(0xDECAFCAFFE)  # what hashes of crossed features start from


def fingerprint64(texts: Sequence[bytes]) -> np.ndarray:
    """FarmHash's Fingerprint64 of each text, as uint64 of shape `(texts,)`."""
    return _by_length(texts, _farm)


def strong_hash(texts: Sequence[bytes], key: Sequence[int]) -> np.ndarray:
    """SipHash-2-4 of each text under a key of two words, as uint64 of shape `(texts,)`."""
    words = np.array([word % 2**64 for word in key], U)
    return _by_length(texts, lambda rows: _sip(rows, words))


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One fingerprint for two, which depends on their order."""
    with np.errstate(over="ignore"):
        mixed = (first ^ CROSS) ^ (_shift_mix(second * CROSS) * CROSS)
        return _shift_mix(_shift_mix(mixed * CROSS) * CROSS)


def _by_length(texts: Sequence[bytes], hashed: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    result = np.empty(len(texts), U)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    order = np.argsort(lengths, kind="stable")
    starts = np.flatnonzero(np.diff(lengths[order], prepend=-1))
    for places in np.split(order, starts[1:]):
        if len(places):
            rows = np.frombuffer(b"".join([texts[i] for i in places]), np.uint8).reshape(len(places), -1)
            with np.errstate(over="ignore"):
                result[places] = hashed(rows)
    return result


def _word(rows: np.ndarray, start: int, size: int = 8) -> np.ndarray:
    """The little-endian number in `size` bytes of each row."""
    part = np.ascontiguousarray(rows[:, start : start + size])
    return part.view(f"<u{size}")[:, 0].astype(U)


def _rotate(x: np.ndarray, bits: int) -> np.ndarray:
    """To the right."""
    return (x >> U(bits)) | (x << U(64 - bits))


def _shift_mix(x: np.ndarray) -> np.ndarray:
    return x ^ (x >> U(47))


def _mix_two(u: np.ndarray, v: np.ndarray, multiplier: np.ndarray) -> np.ndarray:
    first = _shift_mix((u ^ v) * multiplier)
    return _shift_mix((v ^ first) * multiplier) * multiplier


def _farm(rows: np.ndarray) -> np.ndarray:
    length = rows.shape[1]
    if length > 64:
        return _farm_long(rows)
    if length > 32:
        return _farm_to_64(rows)
    return _farm_to_32(rows) if length > 16 else _farm_to_16(rows)


def _farm_to_16(rows: np.ndarray) -> np.ndarray:
    count, length = rows.shape
    multiplier = U(2 * length) + K2
    if length >= 8:
        a, b = _word(rows, 0) + K2, _word(rows, length - 8)
        return _mix_two(_rotate(b, 37) * multiplier + a, (_rotate(a, 25) + b) * multiplier, multiplier)
    if length >= 4:
        a = _word(rows, 0, 4)
        return _mix_two(U(length) + (a << U(3)), _word(rows, length - 4, 4), multiplier)
    if length == 0:
        return np.full(count, K2)
    first, middle, last = (rows[:, i].astype(U) for i in (0, length >> 1, length - 1))
    return _shift_mix(((first + (middle << U(8))) * K2) ^ ((U(length) + (last << U(2))) * K0)) * K2


def _farm_to_32(rows: np.ndarray) -> np.ndarray:
    multiplier = U(2 * rows.shape[1]) + K2
    a, b = _word(rows, 0) * K1, _word(rows, 8)
    c, d = _word(rows, rows.shape[1] - 8) * multiplier, _word(rows, rows.shape[1] - 16) * K2
    return _mix_two(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + K2, 18) + c, multiplier)


def _farm_to_64(rows: np.ndarray) -> np.ndarray:
    length = rows.shape[1]
    multiplier = U(2 * length) + K2
    a, b = _word(rows, 0) * K2, _word(rows, 8)
    c, d = _word(rows, length - 8) * multiplier, _word(rows, length - 16) * K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _mix_two(y, a + _rotate(b + K2, 18) + c, multiplier)
    e, f = _word(rows, 16) * multiplier, _word(rows, 24)
    g, h = (y + _word(rows, length - 32)) * multiplier, (z + _word(rows, length - 24)) * multiplier
    return _mix_two(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, multiplier)


def _weak(rows: np.ndarray, start: int, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two words of state from 32 bytes."""
    w, x, y, z = (_word(rows, start + 8 * i) for i in range(4))
    a = a + w
    b = _rotate(b + a + z, 21)
    c = a
    a = a + x + y
    return a + z, b + _rotate(a, 44) + c


def _farm_long(rows: np.ndarray) -> np.ndarray:
    count, length = rows.shape
    seed = U(81)
    y = np.full(count, seed * K1 + U(113))
    z = _shift_mix(y * K2 + U(113)) * K2
    v = w = (np.zeros(count, U), np.zeros(count, U))
    x = seed * K2 + _word(rows, 0)
    for start in range(0, (length - 1) // 64 * 64, 64):
        x, y, z, v, w = _farm_round(rows, start, x, y, z, v, w, K1, U(1))
    multiplier = K1 + ((z & U(0xFF)) << U(1))
    w = (w[0] + U((length - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x, y, z, v, w = _farm_round(rows, length - 64, x, y, z, v, w, multiplier, U(9))
    first = _mix_two(v[0], w[0], multiplier) + _shift_mix(y) * K0 + z
    return _mix_two(first, _mix_two(v[1], w[1], multiplier) + x, multiplier)


def _farm_round(
    rows: np.ndarray,
    start: int,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    v: tuple[np.ndarray, np.ndarray],
    w: tuple[np.ndarray, np.ndarray],
    multiplier: np.ndarray,
    weight: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """64 bytes taken into the state; x and z change places at its end."""
    x = _rotate(x + y + v[0] + _word(rows, start + 8), 37) * multiplier
    y = _rotate(y + v[1] + _word(rows, start + 48), 42) * multiplier
    x = x ^ (w[1] * weight)
    y = y + v[0] * weight + _word(rows, start + 40)
    z = _rotate(z + w[0], 33) * multiplier
    v = _weak(rows, start, v[1] * multiplier, x + w[0])
    w = _weak(rows, start + 32, z + w[1], y + _word(rows, start + 16))
    return z, y, x, v, w


def _sip(rows: np.ndarray, key: np.ndarray) -> np.ndarray:
    count, length = rows.shape
    constants = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    v = [np.full(count, U(constant) ^ key[i % 2]) for i, constant in enumerate(constants)]
    padded = np.zeros((count, length // 8 * 8 + 8), np.uint8)
    padded[:, :length] = rows
    padded[:, -1] = length % 256
    for start in range(0, padded.shape[1], 8):
        word = _word(padded, start)
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
