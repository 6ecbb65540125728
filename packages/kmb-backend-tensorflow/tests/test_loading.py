"""tf.data datasets made of the core's loaders."""

import threading

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.data import DatasetAdapter
from kmb_backend_tensorflow.loading import dataset_of
from kmb_core import Input, Sequential, config, layers, optimizers
from kmb_core.data import ArraySamples, BatchLoader, Samples, read_ahead
from kmb_core.utils import set_random_seed, split_dataset, timeseries_dataset_from_array


def loader(count=10, batch_size=4, **options):
    return BatchLoader(ArraySamples((np.arange(count), np.arange(count) / 2)), batch_size, **options)


class Words(Samples):
    """Texts, and rows of different lengths."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return ("ä" * index,)


class Rows(Samples):
    ragged = True

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return np.full((index + 1, 2), index, "float32"), np.int32(index)

    def read(self, indices):
        rows = np.empty(len(indices), dtype=object)
        for place, index in enumerate(indices):
            rows[place] = self[int(index)][0]
        return rows, np.asarray(indices, "int32")


def test_shapes_and_dtypes_are_known_beforehand():
    x, y = dataset_of(loader()).element_spec
    assert (x.shape.as_list(), x.dtype, y.dtype) == ([None], tf.int64, tf.float64)
    x, _ = dataset_of(loader(drop_remainder=True)).element_spec
    assert x.shape.as_list() == [4]
    x, _ = dataset_of(loader(batch_size=None)).element_spec
    assert x.shape.as_list() == []


def test_elements_are_the_loaders():
    got = [(x.numpy().tolist(), y.numpy().tolist()) for x, y in dataset_of(loader(5, 3))]
    assert got == [([0, 1, 2], [0.0, 0.5, 1.0]), ([3, 4], [1.5, 2.0])]


def test_each_epoch_is_shuffled_anew():
    dataset = dataset_of(loader(20, None, shuffle=True, seed=1))
    epochs = [[int(x) for x, _ in dataset] for _ in range(2)]
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(20))


def test_texts_are_byte_strings():
    dataset = dataset_of(BatchLoader(Words(), 3))
    assert dataset.element_spec.dtype == tf.string
    assert next(iter(dataset)).numpy().tolist() == [b"", "ä".encode(), "ää".encode()]


def test_rows_of_different_lengths_are_ragged():
    ((x, y),) = list(dataset_of(BatchLoader(Rows(), 3)))
    assert isinstance(x, tf.RaggedTensor)
    assert x.shape.as_list() == [3, None, 2]
    assert x.row_lengths().numpy().tolist() == [1, 2, 3]
    assert y.numpy().tolist() == [0, 1, 2]


def test_an_empty_source_gives_no_elements():
    assert list(dataset_of(BatchLoader(ArraySamples((np.zeros((0, 2)),)), 3))) == []


def test_attributes_go_along():
    source = loader()
    source.class_names, source.file_paths = ["a"], ["x"]
    dataset = dataset_of(source)
    assert (dataset.class_names, dataset.file_paths) == (["a"], ["x"])


def test_the_functions_give_them_on_this_backend():
    assert isinstance(timeseries_dataset_from_array(np.arange(8), None, 3), tf.data.Dataset)
    assert isinstance(split_dataset(np.arange(8), 3)[0], tf.data.Dataset)


def test_a_dataset_is_split_into_datasets():
    first, second = split_dataset(tf.data.Dataset.range(10).batch(3), 0.5)
    assert [x.numpy().tolist() for x in first] == [[0, 1, 2], [3, 4, 5]]
    assert [x.numpy().tolist() for x in second] == [[6, 7, 8], [9]]


def test_a_dataset_of_tensorflow_is_read_ahead_and_trains_to_the_same_bits(monkeypatch):
    monkeypatch.setattr(read_ahead, "SLOW", 0.0)
    x, y = np.arange(40, dtype="float32").reshape(20, 2), np.arange(20, dtype="float32")[:, None]
    threads = set()

    class Noting(DatasetAdapter):
        def batches(self):
            for batch in super().batches():
                threads.add(threading.current_thread().name)
                yield batch

    def trained(depth):
        config.set_read_ahead(depth)
        set_random_seed(1)
        model = Sequential([Input((2,)), layers.Dense(1)])
        model.compile(optimizers.SGD(1e-4), "mse")
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(20, seed=1).batch(2)
        history = model.fit(Noting(dataset), epochs=2, verbose=0).history["loss"]
        return history, model.get_weights()[0].tolist()

    try:
        assert trained(0) == trained(2)
    finally:
        config.set_read_ahead(2)
    assert threads == {threading.current_thread().name, "kmb-read-ahead"}
