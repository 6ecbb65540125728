"""WAV files, written by the standard library and SciPy."""

import io
import struct
import wave as standard

import numpy as np
import pytest
from scipy.io import wavfile

from kmb_core.data.waves import resampled, wave
from kmb_core.errors import CheckpointError


def written(numbers, rate=8000):
    file = io.BytesIO()
    wavfile.write(file, rate, numbers)
    return file.getvalue()


@pytest.mark.parametrize(
    ("dtype", "offset", "scale"),
    [("uint8", 128, 128), ("int16", 0, 2**15), ("int32", 0, 2**31), ("float32", 0, 1), ("float64", 0, 1)],
)
def test_each_width_becomes_floats_up_to_one(dtype, offset, scale):
    random = np.random.default_rng(0)
    if dtype.startswith("float"):
        numbers = random.uniform(-1, 1, (20, 2)).astype(dtype)
    else:
        numbers = random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (20, 2), dtype=dtype)
    sound, rate = wave(written(numbers), "x.wav")
    assert (sound.dtype, sound.shape, rate) == ("float32", (20, 2), 8000)
    np.testing.assert_allclose(sound, (numbers.astype("float64") - offset) / scale, atol=1e-7)


def test_three_bytes_a_number():
    file = io.BytesIO()
    with standard.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(3)
        out.setframerate(100)
        out.writeframes(b"\x00\x00\x80\xff\xff\x7f\x00\x00\x40")
    sound, _ = wave(file.getvalue(), "x.wav")
    np.testing.assert_allclose(sound[:, 0], [-1.0, 1 - 2**-23, 0.5])


def test_other_chunks_and_the_extensible_form_are_read():
    fmt = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 100, 200, 2, 16, 22, 16, 4, 1, b"\0" * 14)
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(fmt)) + fmt
    data = np.array([0, 2**14], "<i2").tobytes()
    content = b"RIFF" + struct.pack("<I", 0) + b"WAVE" + chunks + b"data" + struct.pack("<I", 4) + data
    sound, rate = wave(content, "x.wav")
    assert sound[:, 0].tolist() == [0.0, 0.5]
    assert rate == 100


BROKEN = [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"OggS" * 10, written(np.zeros(4, "int16"))[:30]]


@pytest.mark.parametrize("content", BROKEN, ids=range(5))
def test_what_is_no_sound_is_refused_by_name(content):
    with pytest.raises(CheckpointError, match="sound"):
        wave(content, "sound")


def test_compressed_sound_is_refused():
    content = bytearray(written(np.zeros(4, "int16")))
    content[20:22] = struct.pack("<H", 85)  # MP3
    with pytest.raises(CheckpointError, match="kind 85"):
        wave(bytes(content), "x.wav")


@pytest.mark.parametrize(("rate", "new_rate"), [(8000, 16000), (16000, 8000), (44100, 16000), (8000, 11025)])
def test_a_tone_keeps_its_pitch_and_loudness(rate, new_rate):
    def tone(at):
        return np.sin(2 * np.pi * 440 * np.arange(at // 4) / at).astype("float32")[:, None]

    got = resampled(tone(rate), rate, new_rate)
    assert abs(len(got) - new_rate // 4) <= 1
    inner = slice(new_rate // 40, -new_rate // 40)  # away from the ends, where the sound begins out of nothing
    np.testing.assert_allclose(got[: new_rate // 4][inner], tone(new_rate)[: len(got)][inner], atol=2e-3)


def test_what_the_new_rate_cannot_hold_is_kept_out():
    high = np.sin(2 * np.pi * 3500 * np.arange(4000) / 8000).astype("float32")[:, None]
    assert np.abs(resampled(high, 8000, 4000)[100:-100]).max() < 0.01


def test_the_same_rate_changes_nothing():
    sound = np.ones((5, 2), "float32")
    assert resampled(sound, 100, 100) is sound
