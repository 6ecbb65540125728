"""Sound as WAV files and as arrays, read with NumPy alone."""

import struct
from functools import lru_cache
from math import gcd

import numpy as np

from kmb_core.errors import CheckpointError, message

_INTEGERS, _FLOATS, _EXTENSIBLE = 1, 3, 0xFFFE
ZERO_CROSSINGS = 16  # of the sinc on each side; more would be a sharper filter and a slower one


def wave(content: bytes, name: str) -> tuple[np.ndarray, int]:
    """Read a WAV file's bytes: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64.

    Args:
        content: the file's bytes.
        name: the file, for messages.

    Returns:
        float32 array `(steps, channels)` between -1 and 1, and steps per second.

    Raises:
        CheckpointError: for a file that is no WAV, is damaged, or is compressed.
    """
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise CheckpointError(message(f"{name} is no WAV file"))
    chunks = _chunks(content)
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise CheckpointError(message(f"{name}: a WAV file without format or data", "The file is damaged."))
    kind, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    if kind == _EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        (kind,) = struct.unpack("<H", chunks[b"fmt "][24:26])
    if channels < 1 or frame * 8 != channels * bits or (kind, bits) not in _READERS:
        what = f"{name}: {bits}-bit sound of kind {kind} in {channels} channels is not read"
        raise CheckpointError(message(what, "Read are PCM of 8 to 32 bits and floats of 32 or 64 bits."))
    data = chunks[b"data"][: len(chunks[b"data"]) // frame * frame]
    return _READERS[kind, bits](data).astype("float32").reshape(-1, channels), rate


def _chunks(content: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(content):
        name, size = struct.unpack("<4sI", content[place : place + 8])
        found.setdefault(name, content[place + 8 : place + 8 + size])
        place += 8 + size + size % 2  # chunks begin at even places
    return found


def _three_bytes(data: bytes) -> np.ndarray:
    low, middle, high = np.frombuffer(data, "u1").reshape(-1, 3).astype("int32").T
    return ((high << 24 | middle << 16 | low << 8) >> 8) / 2.0**23


_READERS = {
    (_INTEGERS, 8): lambda data: (np.frombuffer(data, "u1") - 128.0) / 128.0,
    (_INTEGERS, 16): lambda data: np.frombuffer(data, "<i2") / 2.0**15,
    (_INTEGERS, 24): _three_bytes,
    (_INTEGERS, 32): lambda data: np.frombuffer(data, "<i4") / 2.0**31,
    (_FLOATS, 32): lambda data: np.frombuffer(data, "<f4"),
    (_FLOATS, 64): lambda data: np.frombuffer(data, "<f8"),
}


def resampled(sound: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Sound with another number of steps per second, by a windowed sinc that keeps out what the new rate cannot hold.

    Args:
        sound: `(steps, channels)`.
        rate, new_rate: steps per second.

    Returns:
        float32 array `(ceil(steps * new_rate / rate), channels)`.

    Source: J. O. Smith, "Digital Audio Resampling", with a Kaiser window.
    """
    if rate == new_rate or not len(sound):
        return sound
    divisor = gcd(rate, new_rate)
    up, down = new_rate // divisor, rate // divisor
    weights = _filters(up, down)
    count = -(-len(sound) * up // down)
    places = np.arange(count) * down
    first, phase = places // up, places % up
    border = weights.shape[1] // 2
    extended = np.pad(sound, ((border, border + 1), (0, 0)))
    result = np.zeros((count, sound.shape[1]), "float32")
    for tap in range(weights.shape[1]):
        result += weights[phase, tap, None] * extended[first + tap + 1]
    return result


@lru_cache(maxsize=32)
def _filters(up: int, down: int) -> np.ndarray:
    """For each place between two old steps, the shares of the old steps around it: `(up, taps)`."""
    cutoff = min(1.0, up / down)
    border = int(np.ceil(ZERO_CROSSINGS / cutoff))
    distance = np.arange(-border + 1, border + 1) - np.arange(up)[:, None] / up
    inside = np.clip(1 - (distance / border) ** 2, 0, None)
    weights = cutoff * np.sinc(cutoff * distance) * np.i0(8.0 * np.sqrt(inside)) / np.i0(8.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")
