"""Generators, iterables, epochs of a given length, and the choice of an adapter."""

import warnings

import numpy as np
import pytest

from kmb_core.data import DataAdapter, GeneratorAdapter, PyDataset, make_adapter
from kmb_core.errors import ShapeError, StructureError


def numbers(count):
    return ((np.array([index]),) for index in range(count))


def values(adapter):
    return [int(batch[0][0]) for batch in adapter.batches()]


class Epochs:
    """An iterable that starts anew each time."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return numbers(self.count)


def test_the_first_batch_that_was_looked_at_is_not_lost():
    assert values(make_adapter(numbers(3))) == [0, 1, 2]


def test_a_generator_is_not_read_ahead_by_more_than_one_batch():
    drawn = []

    def source():
        for index in range(5):
            drawn.append(index)
            yield (index,)

    make_adapter(source())
    assert drawn == [0]


def test_an_iterable_starts_anew_each_epoch():
    adapter = make_adapter(Epochs(3))
    assert [values(adapter), values(adapter), values(adapter)] == [[0, 1, 2]] * 3


def test_a_used_up_generator_warns_in_the_next_epoch():
    adapter = make_adapter(numbers(2))
    assert values(adapter) == [0, 1]
    with pytest.warns(UserWarning, match="Data ran out"):
        assert values(adapter) == []


def test_steps_divide_a_generator_over_the_epochs():
    adapter = make_adapter(numbers(4), steps=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [values(adapter), values(adapter)] == [[0, 1], [2, 3]]
    assert adapter.num_batches == 2


def test_running_dry_tells_the_steps_asked_for_and_got():
    adapter = make_adapter(numbers(4), steps=3)
    assert values(adapter) == [0, 1, 2]
    with pytest.warns(UserWarning, match="3 steps were asked for in this epoch, the data gave 1"):
        assert values(adapter) == [3]


def test_arrays_with_steps_go_on_where_they_stopped_and_begin_again():
    adapter = make_adapter(np.arange(6), batch_size=1, steps=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [values(adapter) for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [0, 1, 2]]


def test_more_steps_than_arrays_hold_end_the_epoch_with_a_warning():
    adapter = make_adapter(np.arange(2), batch_size=1, steps=5)
    for _ in range(2):
        with pytest.warns(UserWarning, match="the data gave 2"):
            assert values(adapter) == [0, 1]


@pytest.mark.parametrize("batch", [[1, 2], np.zeros(3), (), (1, 2, 3, 4), {"x": 1}])
def test_a_batch_that_is_no_tuple_is_refused_at_once(batch):
    with pytest.raises(StructureError, match="must be a tuple"):
        make_adapter(item for item in [batch])


def test_a_later_batch_that_is_no_tuple_is_refused_too():
    adapter = make_adapter(item for item in [(1,), [1]])
    with pytest.raises(StructureError, match="must be a tuple"):
        list(adapter.batches())


def test_an_empty_generator_is_refused():
    with pytest.raises(ShapeError, match="gave no batch"):
        make_adapter(numbers(0))


def test_a_generator_function_is_refused_with_the_call_to_write():
    def batches():
        yield (1,)

    with pytest.raises(StructureError, match=r"Call it: batches\(\)"):
        make_adapter(batches)


def test_an_error_of_the_generator_arrives_as_it_is():
    def source():
        yield (1,)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(make_adapter(source()).batches())


@pytest.mark.parametrize("given", [{"y": np.zeros(2)}, {"sample_weight": np.zeros(2)}])
def test_targets_beside_a_generator_are_refused(given):
    with pytest.raises(StructureError, match="was given beside a generator"):
        make_adapter(numbers(2), **given)


def test_class_weights_reach_the_batches_of_a_generator():
    batches = [(np.zeros(2), np.array([0, 1]))] * 2
    adapter = make_adapter(iter(batches), class_weight={1: 5.0}, steps=2)
    assert [batch[2].tolist() for batch in adapter.batches()] == [[1.0, 5.0]] * 2


def test_class_weights_without_targets_are_refused():
    with pytest.raises(StructureError, match="class_weight"):
        list(make_adapter(numbers(2), class_weight={1: 5.0}).batches())


@pytest.mark.parametrize("steps", [0, -3])
def test_steps_must_be_positive(steps):
    with pytest.raises(ValueError, match="at least one"):
        make_adapter(np.zeros(3), steps=steps)


class ForeignDataset:
    """Stands for a framework's dataset."""


ForeignDataset.__module__ = "framework.data"


class Factory:
    """A plugin's factory that takes `ForeignDataset`."""

    def __init__(self):
        self.asked = []

    def accepts(self, x):
        self.asked.append(type(x).__name__)
        return isinstance(x, ForeignDataset)

    def make(self, x, *, batch_size, shuffle, seed):
        return GeneratorAdapter([(np.array([7]),)])


def test_plugins_are_asked_for_foreign_types_only():
    factory = Factory()
    adapter = make_adapter(ForeignDataset(), plugin_adapters=[factory])
    assert values(adapter) == [7]
    make_adapter(np.zeros(3), plugin_adapters=[factory])
    make_adapter({"a": np.zeros(3)}, plugin_adapters=[factory])
    assert factory.asked == ["ForeignDataset"]


def test_targets_beside_a_foreign_dataset_are_refused():
    with pytest.raises(StructureError, match="beside a ForeignDataset"):
        make_adapter(ForeignDataset(), np.zeros(3), plugin_adapters=[Factory()])


def test_a_type_that_nobody_knows_is_named_in_the_error():
    with pytest.raises(StructureError, match=r"framework\.data\.ForeignDataset"):
        make_adapter(ForeignDataset())


def test_an_adapter_is_taken_as_it_is():
    mine = GeneratorAdapter([(1,)])
    assert make_adapter(mine) is mine


def test_every_adapter_fulfils_the_protocol():
    class Two(PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (np.zeros(1), np.zeros(1))

    adapters = [
        make_adapter(np.zeros(3)),
        make_adapter(numbers(2)),
        make_adapter(Two()),
        make_adapter(Two(), steps=1),
        make_adapter(Two(), class_weight={0: 1.0}),
    ]
    assert all(isinstance(adapter, DataAdapter) for adapter in adapters)
    for adapter in adapters:
        adapter.on_epoch_begin()
        adapter.on_epoch_end()
        adapter.close()
