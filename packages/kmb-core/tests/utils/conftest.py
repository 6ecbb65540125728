"""Folders with small files for the tests of what reads them."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile


@pytest.fixture
def images(tmp_path):
    """Two classes of PNG and JPEG images, one of them in a folder of its own; the pixels by path."""
    random = np.random.default_rng(0)
    pixels = {}
    for name, count in (("cats", 5), ("dogs", 4)):
        (tmp_path / name / "more").mkdir(parents=True)
        for number in range(count):
            path = tmp_path / name / ("more" if number == 2 else ".") / f"{number}.png"
            pixels[str(path)] = random.integers(0, 256, (6, 6 + number, 3), dtype="uint8")
            Image.fromarray(pixels[str(path)]).save(path)
    (tmp_path / "cats" / "notes.md").write_text("no image")
    (tmp_path / ".hidden").mkdir()
    return tmp_path, pixels


@pytest.fixture
def texts(tmp_path):
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()
        for number in range(3):
            (tmp_path / name / f"{number}.txt").write_bytes(f"{name} wörd {number}".encode())
    return tmp_path


@pytest.fixture
def sounds(tmp_path):
    """Two classes of three sounds of 10, 11 and 12 steps in two channels."""
    random = np.random.default_rng(0)
    for name in ("high", "low"):
        (tmp_path / name).mkdir()
        for number in range(3):
            file = io.BytesIO()
            wavfile.write(file, 8000, random.integers(-(2**15), 2**15, (10 + number, 2), dtype="int16"))
            (tmp_path / name / f"{number}.wav").write_bytes(file.getvalue())
    return tmp_path
