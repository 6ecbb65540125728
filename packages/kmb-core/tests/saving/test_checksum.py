"""Checksums of parts of files."""

import zlib

import numpy as np
import pytest

from kmb_core.saving.checksum import checksum

CONTENT = np.random.default_rng(0).bytes(1_000_003)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a").write_bytes(CONTENT)
    with open(tmp_path / "a", "rb") as opened:
        yield opened


@pytest.mark.parametrize(("start", "size"), [(0, len(CONTENT)), (17, 600_001), (5, 1), (9, 0)])
def test_it_is_that_of_zlib_and_the_file_stays_where_it_is(file, start, size):
    file.seek(3)
    assert checksum(file, start, size) == zlib.crc32(CONTENT[start : start + size])
    assert file.tell() == 3


def test_a_file_that_ends_too_early_is_an_error(file):
    with pytest.raises(EOFError, match="too early"):
        checksum(file, 10, len(CONTENT))
