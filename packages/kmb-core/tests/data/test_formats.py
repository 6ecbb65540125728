"""Which kind of dataset is given; Grain is stood in for by a module that notes what it is asked for."""

import sys
import types

import numpy as np
import pytest

from kmb_core.data import ArraySamples, BatchLoader
from kmb_core.data.formats import check_format, delivered


class Dataset:
    """Notes the calls that are made on it; `map` shows what becomes of a sample."""

    def __init__(self, source, calls=()):
        self.samples, self.calls = source, calls

    def _noted(self, *call):
        return Dataset(self.samples, (*self.calls, call))

    def shuffle(self, seed):
        return self._noted("shuffle", seed)

    def map(self, function):
        return self._noted("map", function(self.samples[1]))

    def to_iter_dataset(self):
        return self._noted("to_iter_dataset")

    def batch(self, batch_size, drop_remainder):
        return self._noted("batch", batch_size, drop_remainder)


@pytest.fixture
def grain(monkeypatch):
    monkeypatch.setitem(sys.modules, "grain", types.SimpleNamespace(MapDataset=types.SimpleNamespace(source=Dataset)))


def loader(**options):
    return BatchLoader(ArraySamples((np.arange(3),)), 2, **options)


def test_grain_shuffles_reads_and_batches(grain):
    source = loader(shuffle=True, seed=4, drop_remainder=True)
    source.class_names = ["a"]
    dataset = delivered(source, "grain")
    assert dataset.calls == (("shuffle", 4), ("map", 1), ("to_iter_dataset",), ("batch", 2, True))
    assert dataset.class_names == ["a"]


def test_grain_is_asked_for_what_it_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "grain", None)
    with pytest.raises(ImportError, match="pip install grain"):
        delivered(loader(), "grain")


def test_a_framework_without_a_kind_of_its_own_gets_the_loader(monkeypatch):
    monkeypatch.setattr("kmb_core.data.formats.collected", lambda backend, hook: [[object()]])
    source = loader()
    assert delivered(source) is source


def test_a_backends_factory_is_asked_by_its_format(monkeypatch):
    factory = types.SimpleNamespace(format="tf", from_loader=lambda source: ("made of", source))
    monkeypatch.setattr("kmb_core.data.formats.collected", lambda backend, hook: [[object()], [factory]])
    source = loader()
    assert delivered(source) == ("made of", source)


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="f: format is one of 'tf', 'grain'; got 'csv'"):
        check_format("csv", "f")
