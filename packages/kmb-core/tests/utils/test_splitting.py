"""split_dataset: which elements go where."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.data import ArraySamples, BatchLoader
from kmb_core.utils import PyDataset, split_dataset


def values(dataset):
    return [np.asarray(element).tolist() for element in dataset]


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 30), st.floats(0.05, 0.95))
def test_a_share_is_rounded_to_elements(count, share):
    left = round(share * count)
    if not 0 < left < count:
        with pytest.raises(ValueError, match="empty"):
            split_dataset(np.arange(count), share)
        return
    first, second = split_dataset(np.arange(count), share)
    assert values(first) == list(range(left))
    assert values(second) == list(range(left, count))


@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [((3, None), 3, 7), ((None, 3), 7, 3), ((2, 4), 2, 4), ((0.2, 0.3), 2, 3), ((0.5, 2), 5, 2)],
)
def test_the_first_part_is_the_beginning_and_the_second_the_end(sizes, left, right):
    first, second = split_dataset(np.arange(10), *sizes)
    assert values(first) == list(range(left))
    assert values(second) == list(range(10 - right, 10))


def test_arrays_are_read_side_by_side():
    x, y = np.arange(6), np.arange(6) * 10
    for dataset in ((x, y), [x, y], (ops.convert_to_tensor(x), y)):
        first, _ = split_dataset(dataset, 2)
        assert [(int(a), int(b)) for a, b in first] == [(0, 0), (1, 10)]
    named, _ = split_dataset({"a": x, "b": y}, 2)
    assert [(int(e["a"]), int(e["b"])) for e in named] == [(0, 0), (1, 10)]


def test_mixing_keeps_every_element_once_and_follows_the_seed():
    first, second = split_dataset(np.arange(12), 0.5, shuffle=True, seed=1)
    order = list(range(12))
    random.Random(1).shuffle(order)
    assert values(first) + values(second) == order


def test_parts_are_batched_afterwards():
    first, _ = split_dataset((np.arange(6), np.arange(6)), 5)
    assert [len(x) for x, _ in first.batch(2)] == [2, 2, 1]


class Batches(PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return np.full(2, index), np.full(2, -index)


def test_datasets_and_iterables_are_split_by_their_elements():
    for dataset in (Batches(), iter([(np.full(2, i), np.full(2, -i)) for i in range(4)])):
        _, second = split_dataset(dataset, 3)
        assert [(np.asarray(x).tolist(), np.asarray(y).tolist()) for x, y in second] == [([3, 3], [-3, -3])]
    loader = BatchLoader(ArraySamples((np.arange(8),)), 2)
    assert values(split_dataset(loader, 2)[1]) == [[4, 5], [6, 7]]


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ((), ValueError, "left_size, right_size or both"),
        ((20,), ValueError, "left_size=20 for 10"),
        ((-1,), ValueError, "left_size=-1"),
        ((0,), ValueError, "left_size=0"),
        ((1.0,), ValueError, "left_size=1.0"),
        ((0.7, 0.7), ValueError, "more than 10"),
        (("half",), TypeError, "whole number or a share"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments, kind, text):
    with pytest.raises(kind, match=text):
        split_dataset(np.arange(10), *arguments)


def test_what_holds_no_elements_is_refused():
    with pytest.raises(TypeError, match="got int"):
        split_dataset(3, 1)
    with pytest.raises(ValueError, match="part 0 is of type int"):
        split_dataset([1, 2, 3], 1)
    with pytest.raises(ValueError, match="differ in length"):
        split_dataset((np.arange(3), np.arange(4)), 1)
