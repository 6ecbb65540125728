"""BatchLoader: batches, orders, threads, and the methods that programs written for tf.data call."""

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmb_core
from kmb_core.data import ArraySamples, BatchLoader, Samples
from kmb_core.errors import ShapeError


def loader(count=10, batch_size=4, **options):
    return BatchLoader(ArraySamples((np.arange(count), np.arange(count) * 10)), batch_size, **options)


def xs(dataset):
    return [np.asarray(x).tolist() for x, _ in dataset]


def flat(batches):
    return [number for batch in batches for number in batch]


class Squares(Samples):
    """Counts how often a sample is read, and by whom."""

    def __init__(self, count=6):
        self.count = count
        self.reads = []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.reads.append(threading.current_thread().name)
        return (np.float32(index * index),)


@settings(deadline=None)
@given(st.integers(0, 20), st.integers(1, 7), st.booleans())
def test_batches_are_the_samples_in_order(count, size, drop):
    dataset = loader(count, size, drop_remainder=drop)
    wanted = [list(range(i, min(i + size, count))) for i in range(0, count, size)]
    wanted = [batch for batch in wanted if len(batch) == size or not drop]
    assert xs(dataset) == wanted
    assert len(dataset) == dataset.cardinality() == len(wanted)


def test_targets_stay_beside_their_samples_when_shuffled():
    for x, y in loader(shuffle=True, seed=3):
        np.testing.assert_array_equal(x * 10, y)


def test_each_epoch_has_a_new_order_and_a_seed_repeats_them():
    first, second = loader(shuffle=True, seed=3), loader(shuffle=True, seed=3)
    epochs = [flat(xs(first)) for _ in range(3)]
    assert epochs == [flat(xs(second)) for _ in range(3)]
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)


def test_the_library_wide_seed_makes_orders_repeatable():
    kmb_core.utils.set_random_seed(5)
    first = xs(loader(shuffle=True))
    kmb_core.utils.set_random_seed(5)
    assert xs(loader(shuffle=True)) == first


def test_x_alone_comes_without_a_tuple_but_training_gets_one():
    dataset = BatchLoader(Squares(), 3)
    assert [x.tolist() for x in dataset] == [[0, 1, 4], [9, 16, 25]]
    assert isinstance(dataset[0], tuple)


def test_threads_read_ahead_and_keep_the_order():
    samples = Squares(40)
    dataset = BatchLoader(samples, 2, workers=4)
    assert np.concatenate(list(dataset)).tolist() == [i * i for i in range(40)]
    assert {name.split("_")[0] for name in samples.reads} == {"kmb-prefetch"}


def test_an_error_of_a_reader_arrives():
    class Broken(Squares):
        def __getitem__(self, index):
            raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        list(BatchLoader(Broken(), 2, workers=2))


def test_take_and_skip_divide_an_epoch():
    dataset = loader()
    assert xs(dataset.take(1)) == [[0, 1, 2, 3]]
    assert xs(dataset.skip(1)) == [[4, 5, 6, 7], [8, 9]]
    assert xs(dataset.take(-1)) == xs(dataset)
    assert xs(dataset.skip(5)) == []
    assert len(dataset.skip(2).take(7)) == 1


def test_map_gets_the_parts_of_an_element():
    assert [int(np.sum(z)) for z in loader(4, 2).map(lambda x, y: x + y)] == [11, 55]
    assert xs(loader(4, 2).map(lambda x, y: (x + 1, y)).map(lambda x, y: (x * 2, y), num_parallel_calls=2)) == [
        [2, 4],
        [6, 8],
    ]


def test_single_samples_are_batched_later():
    single = loader(5, None)
    assert [int(x) for x, _ in single] == [0, 1, 2, 3, 4]
    assert xs(single.batch(2)) == [[0, 1], [2, 3], [4]]
    assert xs(single.batch(2, drop_remainder=True)) == [[0, 1], [2, 3]]
    assert xs(single.map(lambda x, y: (x + 1, y)).batch(5)) == [[1, 2, 3, 4, 5]]
    assert sorted(flat(xs(single.shuffle(5, seed=1).batch(2)))) == [0, 1, 2, 3, 4]


def test_shuffle_mixes_elements_anew_or_once():
    mixed = loader(12, None).shuffle(100, seed=2)
    assert xs(mixed) != xs(mixed)
    once = loader(12, None).shuffle(100, seed=2, reshuffle_each_iteration=False)
    assert xs(once) == xs(once) != list(range(12))
    batches = loader(8, 2).shuffle(4, seed=1)
    assert sorted(xs(batches)) == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_a_cache_reads_each_sample_once():
    samples = Squares()
    dataset = BatchLoader(samples, 2, shuffle=True, seed=1).cache()
    first, second = list(dataset), list(dataset)
    assert len(samples.reads) == 6
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == [0, 1, 4, 9, 16, 25]


def test_prefetch_says_how_far_ahead():
    assert loader().prefetch(3).max_queue_size == 3
    assert loader().prefetch(-1).max_queue_size == loader().max_queue_size


def test_attributes_follow_into_other_loaders():
    dataset = loader(6, None)
    dataset.class_names = ["a", "b"]
    others = [dataset.batch(2), dataset.take(1), dataset.shuffle(2), dataset.map(lambda x, y: (x, y)).batch(2)]
    assert all(other.class_names == ["a", "b"] for other in others)


def test_a_loader_is_pickled_for_worker_processes():
    copy = pickle.loads(pickle.dumps(loader(shuffle=True, seed=1)))
    assert sorted(flat(xs(copy))) == list(range(10))


def test_a_model_is_trained_and_asked_on_each_backend():
    random = np.random.default_rng(0)
    x = random.normal(size=(32, 3)).astype("float32")
    y = (x @ np.array([[1.0], [-2.0], [0.5]])).astype("float32")
    dataset = BatchLoader(ArraySamples((x, y)), 8, shuffle=True, seed=1)
    model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(1)])
    # The NumPy backend has no gradients, but evaluates.
    if kmb_core.backend.current_backend().supports(kmb_core.plugins.Capability.GRADIENTS):
        model.compile(optimizer=kmb_core.optimizers.SGD(0.1), loss="mse")
        losses = model.fit(dataset, epochs=8, verbose=0).history["loss"]
        assert losses[-1] < losses[0] / 10
    else:
        model.compile(loss="mse")
    whole = model.evaluate(x, y, verbose=0)
    assert float(model.evaluate(dataset, verbose=0)) == pytest.approx(float(whole), rel=1e-4)


def test_a_batch_size_below_one_is_refused():
    with pytest.raises(ShapeError, match="batch_size"):
        loader(batch_size=0)
