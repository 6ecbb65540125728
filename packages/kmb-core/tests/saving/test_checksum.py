"""Checksums of parts of files, in pieces."""

import zlib

import numpy as np
import pytest

from kmb_core.saving import checksum as checksums
from kmb_core.saving.checksum import checksum

CONTENT = np.random.default_rng(0).bytes(1_000_003)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a").write_bytes(CONTENT)
    with open(tmp_path / "a", "rb") as opened:
        yield opened


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize(("start", "size"), [(0, len(CONTENT)), (17, 600_001), (5, 1), (9, 0)])
def test_it_is_that_of_zlib_however_many_threads_work_on_it(file, threads, start, size):
    assert checksum(file, start, size, threads) == zlib.crc32(CONTENT[start : start + size])


def test_it_is_the_same_where_nothing_can_be_read_without_moving(file, monkeypatch):
    monkeypatch.delattr(checksums.os, "preadv")
    assert checksum(file, 3, 500_000, 4) == zlib.crc32(CONTENT[3:500_003])


@pytest.mark.parametrize("threads", [1, 3])
def test_a_file_that_ends_too_early_is_an_error(file, threads):
    with pytest.raises(EOFError, match="too early"):
        checksum(file, 10, len(CONTENT), threads)
