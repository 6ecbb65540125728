"""Layers that prepare data, where their own backend is not at home: in tf.data, in workers, without framework."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.plugins import installed_backends

pytestmark = pytest.mark.mixed

# Environments with one framework collect this file too, and deselect it.
tf, torch = pytest.importorskip("tensorflow"), pytest.importorskip("torch")

NAMES = sorted(installed_backends())
TEXTS = np.array(["The cat sat.", "A dog!", "", "cat, cat and ünïcode"])
WORDS = ["cat", "sat", "dog"]
NUMBERS = np.arange(12, dtype="float32").reshape(4, 3)
SOUND = np.sin(np.arange(64)).reshape(4, 16).astype("float32")

# Layers, and what they are called on.
MADE = {
    "Rescaling": (lambda: layers.Rescaling([1.0, 2.0, 3.0], 0.5), NUMBERS),
    "Normalization": (lambda: adapted(layers.Normalization(), NUMBERS), NUMBERS),
    "Discretization": (lambda: layers.Discretization([2.0, 5.0]), NUMBERS),
    "CategoryEncoding": (lambda: layers.CategoryEncoding(12), NUMBERS.astype("int32")),
    "Hashing": (lambda: layers.Hashing(7), TEXTS),
    "IntegerLookup": (lambda: layers.IntegerLookup(vocabulary=[3, 4], output_mode="count"), NUMBERS.astype("int64")),
    "StringLookup": (lambda: layers.StringLookup(vocabulary=list(TEXTS[:2])), TEXTS),
    "TextVectorization": (lambda: layers.TextVectorization(vocabulary=WORDS), TEXTS),
    "tf_idf": (lambda: adapted(layers.TextVectorization(output_mode="tf_idf"), TEXTS), TEXTS),
    "MelSpectrogram": (lambda: layers.MelSpectrogram(fft_length=8, sequence_stride=4, num_mel_bins=2), SOUND),
    "Pipeline": (lambda: layers.Pipeline([layers.Rescaling(2.0), layers.Rescaling(1.0, 1.0)]), NUMBERS),
}


def adapted(layer, data):
    layer.adapt(data)
    return layer


def made(name, backend):
    with kmb_core.use_backend(backend):
        return MADE[name][0]()


@pytest.fixture(scope="module")
def expected():
    """What NumPy gives."""
    results = {}
    for name, (make, inputs) in MADE.items():
        with kmb_core.use_backend("numpy"):
            results[name] = np.asarray(make()(inputs))
    return results


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize("name", MADE)
def test_a_layer_of_any_backend_runs_in_the_map_of_a_dataset(name, backend, expected):
    layer = made(name, backend)
    data = tf.data.Dataset.from_tensor_slices(MADE[name][1]).batch(4)
    for mapped in (data.map(layer), data.map(lambda x: layer(x), num_parallel_calls=2)):
        (batch,) = list(mapped)
        np.testing.assert_allclose(batch.numpy(), expected[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize("name", MADE)
def test_a_scope_of_numpy_needs_no_other_backend(name, backend, expected):
    layer = made(name, backend)
    with kmb_core.use_backend("numpy"):
        found = layer(MADE[name][1])
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, expected[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_adapt_reads_datasets_of_each_framework(backend):
    rows = tf.data.Dataset.from_tensor_slices(NUMBERS)
    loader = torch.utils.data.DataLoader(torch.from_numpy(NUMBERS), batch_size=3)
    with kmb_core.use_backend(backend):
        for data in (rows, rows.batch(3), loader, torch.from_numpy(NUMBERS), tf.constant(NUMBERS)):
            mean, variance, _ = adapted(layers.Normalization(), data).get_weights()
            np.testing.assert_allclose(mean, NUMBERS.mean(0), rtol=1e-6)
            np.testing.assert_allclose(variance, NUMBERS.var(0), rtol=1e-5)
        texts = tf.data.Dataset.from_tensor_slices(TEXTS)
        for data in (texts, texts.batch(3), list(TEXTS), iter([TEXTS[:1], TEXTS[1:]])):
            assert adapted(layers.TextVectorization(), data).get_vocabulary()[2] == "cat"


def test_ragged_and_sparse_tensors_are_taken_and_given():
    ragged = tf.ragged.constant([["cat"], ["dog", "sat"], []])
    with kmb_core.use_backend("tensorflow"):
        count = layers.StringLookup(vocabulary=WORDS, output_mode="count")
        sparse = layers.StringLookup(vocabulary=WORDS, output_mode="multi_hot", sparse=True)
        rows = layers.TextVectorization(vocabulary=WORDS, ragged=True)
    expected = [[0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert count(ragged).numpy().tolist() == expected
    (batch,) = list(tf.data.Dataset.from_tensors(ragged).map(count))
    assert batch.numpy().tolist() == expected
    assert isinstance(sparse(ragged), tf.SparseTensor)
    assert tf.sparse.to_dense(sparse(ragged)).numpy().tolist() == expected
    assert rows(TEXTS[:3]).to_list() == [[1, 2, 3], [1, 4], []]
    (batch,) = list(tf.data.Dataset.from_tensors(TEXTS[:3]).map(rows))
    assert batch.to_list() == [[1, 2, 3], [1, 4], []]


class Prepared(torch.utils.data.Dataset):
    """Rows that a layer prepares in the worker that reads them."""

    def __init__(self, layer):
        self.layer = layer

    def __len__(self):
        return 4

    def __getitem__(self, index):
        with kmb_core.use_backend("numpy"):
            return self.layer(NUMBERS[index : index + 1])[0]


class Noise(layers.Rescaling):
    """Rescaling with noise."""

    def __init__(self, scale, seed=None, **kwargs):
        super().__init__(scale, **kwargs)
        self.generator = kmb_core.random.SeedGenerator(seed)

    def call(self, inputs):
        return super().call(inputs) + kmb_core.random.uniform((1, 3), seed=self.generator)


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_workers_of_a_data_loader_prepare_rows(backend):
    with kmb_core.use_backend(backend):
        layer = layers.Rescaling(2.0)
    loader = torch.utils.data.DataLoader(Prepared(layer), batch_size=2, num_workers=2)
    np.testing.assert_allclose(torch.cat(list(loader)).numpy(), 2 * NUMBERS)


def test_workers_draw_differently():
    with kmb_core.use_backend("torch"):
        layer = Noise(0.0, seed=1)
    loader = torch.utils.data.DataLoader(Prepared(layer), batch_size=1, num_workers=2)
    rows = torch.cat(list(loader)).numpy()
    assert len(np.unique(rows, axis=0)) == 4


@pytest.mark.parametrize("backend", NAMES)
def test_noise_in_the_map_of_a_dataset_differs_from_element_to_element(backend):
    with kmb_core.use_backend(backend):
        layer = Noise(0.0, seed=1)
    data = tf.data.Dataset.from_tensor_slices(NUMBERS).batch(1).map(layer)
    rows = np.concatenate([row.numpy() for row in data])
    assert len(np.unique(rows, axis=0)) == 4


@pytest.mark.parametrize("backend", NAMES)
def test_a_pickled_layer_of_any_backend_works(backend, expected):
    layer = pickle.loads(pickle.dumps(made("tf_idf", backend)))
    with kmb_core.use_backend("numpy"):
        np.testing.assert_allclose(layer(TEXTS), expected["tf_idf"], rtol=1e-6)


@pytest.mark.parametrize("backend", NAMES)
def test_a_table_is_prepared_in_the_map_of_a_dataset(backend):
    table = {"n": NUMBERS[:, 0], "text": TEXTS, "code": np.array([3, 1, 3, 2])}
    data = tf.data.Dataset.from_tensor_slices(table)
    with kmb_core.use_backend(backend):
        space = kmb_core.utils.FeatureSpace(
            {"n": "float_normalized", "text": "string_categorical", "code": "integer_categorical"},
            crosses=[("text", "code")],
        )
        space.adapt(data)
        expected = np.asarray(kmb_core.ops.convert_to_numpy(space(table)))
    (batch,) = list(data.batch(4).map(space))
    np.testing.assert_allclose(batch.numpy(), expected, rtol=1e-5, atol=1e-6)
    rows = [row.numpy() for row in data.map(lambda row: space(row))]
    np.testing.assert_allclose(rows, expected, rtol=1e-5, atol=1e-6)
    with kmb_core.use_backend("numpy"):
        np.testing.assert_allclose(space(table), expected, rtol=1e-5, atol=1e-6)


ALONE = """
import sys
import numpy as np
import kmb_core
from kmb_core import layers
kmb_core.config.set_backend("numpy")
texts = np.array(["a b", "b"])
vectors = layers.TextVectorization()
vectors.adapt(texts)
assert vectors(texts).tolist() == [[3, 2], [2, 0]]
assert layers.Hashing(3)(["A", "B", "C"]).tolist() == [1, 0, 1]
assert layers.StringLookup(vocabulary=["a"])(["a", "z"]).tolist() == [1, 0]
scaled = layers.Normalization()
scaled.adapt(np.eye(2))
assert scaled(np.eye(2)).shape == (2, 2)
frameworks = {"torch", "jax", "jaxlib", "tensorflow", "keras"} & set(sys.modules)
assert not frameworks, frameworks
"""


def test_numpy_alone_loads_no_framework():
    subprocess.run([sys.executable, "-c", ALONE], check=True, timeout=120)
