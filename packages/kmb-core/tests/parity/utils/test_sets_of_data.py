"""The sets of data as Keras reads them, from small files of the same layout."""

import numpy as np
import pytest

from kmb_core.datasets import boston_housing, california_housing, imdb, reuters

pytestmark = pytest.mark.parity


@pytest.fixture
def file(tmp_path):
    random = np.random.default_rng(0)
    texts = np.empty(12, dtype=object)
    for place in range(12):
        texts[place] = random.integers(1, 30, random.integers(1, 9)).tolist()
    rows = random.normal(size=(23, 3))
    path = tmp_path / "data.npz"
    np.savez(
        path, x=texts, y=np.arange(12), x_train=texts[:7], y_train=np.arange(7), x_test=texts[7:], y_test=np.arange(5)
    )
    np.savez(tmp_path / "rows.npz", x=rows, y=rows[:, 0])
    return tmp_path


def both(name, module, path, monkeypatch, **options):
    import importlib

    theirs = importlib.import_module(f"keras.src.datasets.{name}")
    for each in (theirs, module):
        monkeypatch.setattr(each, "get_file", lambda *arguments, **keywords: str(path))
    return module.load_data(**options), theirs.load_data(**options)


def assert_same(got, wanted):
    for (x, y), (their_x, their_y) in zip(got, wanted, strict=True):
        assert [list(row) for row in x] == [list(row) for row in their_x]
        np.testing.assert_array_equal(y, their_y)


OPTIONS = [
    {},
    {"num_words": 15},
    {"num_words": 20, "skip_top": 5, "maxlen": 7},
    {"start_char": None, "oov_char": None, "index_from": 0, "num_words": 12, "seed": 3},
    {"maxlen": 5, "skip_top": 8, "oov_char": None},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_imdb(file, monkeypatch, options):
    assert_same(*both("imdb", imdb, file / "data.npz", monkeypatch, **options))


@pytest.mark.parametrize("options", [*OPTIONS, {"test_split": 0.5}])
def test_reuters(file, monkeypatch, options):
    assert_same(*both("reuters", reuters, file / "data.npz", monkeypatch, **options))


@pytest.mark.parametrize("options", [{}, {"test_split": 0.35, "seed": 5}])
def test_housing(file, monkeypatch, options):
    assert_same(*both("boston_housing", boston_housing, file / "rows.npz", monkeypatch, **options))
    assert_same(*both("california_housing", california_housing, file / "rows.npz", monkeypatch, **options))


def test_topics():
    import keras

    assert reuters.get_label_names() == keras.datasets.reuters.get_label_names()
