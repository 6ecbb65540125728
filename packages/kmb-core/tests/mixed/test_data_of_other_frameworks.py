"""Every backend is fed by every framework's tensors and datasets, and trains as it does on the same NumPy arrays."""

import subprocess
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.plugins import Capability

pytestmark = pytest.mark.mixed

BACKENDS = sorted(kmb_core.plugins.installed_backends())
TRAINING = [name for name in BACKENDS if kmb_core.plugins.load_backend(name).supports(Capability.GRADIENTS)]
X = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
Y = X.sum(1, keepdims=True) * 2


def tensors(name, array):
    with kmb_core.use_backend(name):
        return kmb_core.ops.convert_to_tensor(array)


def batches(x, y):
    return ((x[start : start + 4], y[start : start + 4]) for start in (0, 4, 8))


def tf_dataset():
    import tensorflow

    return tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(4)


def unknown_length():
    return tf_dataset().filter(lambda x, y: True)


def data_loader():
    import torch

    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=4)


def sparse_of_torch():
    import torch

    return torch.tensor(X).to_sparse(), torch.tensor(Y, requires_grad=True)


def sparse_of_tensorflow():
    import tensorflow

    return tensorflow.sparse.from_dense(X), Y


SOURCES = {
    **{f"{name} tensors": lambda name=name: (tensors(name, X), tensors(name, Y)) for name in BACKENDS},
    **{f"{name} generator": lambda name=name: (batches(tensors(name, X), tensors(name, Y)),) for name in BACKENDS},
    "mixed tensors": lambda: (tensors("torch", X), tensors("tensorflow", Y)),
    "tf.data": lambda: (tf_dataset(),),
    "tf.data of unknown length": lambda: (unknown_length(),),
    "DataLoader": lambda: (data_loader(),),
    "torch sparse": sparse_of_torch,
    "tf sparse": sparse_of_tensorflow,
}


@pytest.fixture(scope="module", params=TRAINING)
def trained(request):
    """A function that trains the same model on a source, and the weights that NumPy arrays give."""
    with kmb_core.use_backend(request.param):
        model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(1)])
        model.compile(kmb_core.optimizers.SGD(0.01), "mse")

    def train(data):
        model.set_weights([np.ones((3, 1)), np.zeros(1)])
        model.fit(*data, batch_size=4 if len(data) == 2 else None, shuffle=False, epochs=1, verbose=0)
        return model.get_weights()[0]

    return model, train, train((X, Y))


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_data_trains_the_same_whoever_holds_it(trained, source):
    model, train, expected = trained
    data = SOURCES[source]()
    np.testing.assert_allclose(train(data), expected, rtol=1e-5, atol=1e-6)
    again = SOURCES[source]()
    outputs = model.predict(again[0], batch_size=4 if len(again) == 2 else None, verbose=0)
    np.testing.assert_allclose(outputs, X @ model.get_weights()[0] + model.get_weights()[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", BACKENDS)
def test_single_batches_may_be_tensors_of_any_framework(trained, name):
    model, _, _ = trained
    own, given = (X, Y), (tensors(name, X), tensors(name, Y))
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    np.testing.assert_allclose(model.predict_on_batch(given[0]), X.sum(1, keepdims=True), rtol=1e-4, atol=1e-5)
    assert model.test_on_batch(*given) == pytest.approx(model.test_on_batch(*own), rel=1e-5)
    results = []
    for batch in (own, given):
        model.set_weights([np.ones((3, 1)), np.zeros(1)])
        model.train_on_batch(*batch, sample_weight=batch[1][:, 0] ** 2)
        results.append(model.get_weights()[0])
    np.testing.assert_allclose(*results, rtol=1e-5)


NOTHING = """
import sys
import numpy as np
import kmb_core
model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(1)])
model.compile(loss="mse")
class Batches(kmb_core.utils.PyDataset):
    def __len__(self):
        return 2
    def __getitem__(self, index):
        return x, y
x, y = np.ones((4, 3)), np.ones((4, 1))
for data in ((x, y), (Batches(workers=2),), (iter([(x, y)]),), (x.tolist(), y.tolist())):
    model.evaluate(*data, verbose=0)
    model.predict(data[0] if data[1:] else Batches(), verbose=0)
others = {"torch", "tensorflow", "jax", "pandas", "polars", "pyarrow", "grain", "scipy", "h5py"}
print(*sorted(others & set(sys.modules)))
"""


def test_data_of_pythons_and_numpys_own_imports_nothing_else():
    finished = subprocess.run([sys.executable, "-c", NOTHING], capture_output=True, text=True, check=True)
    assert finished.stdout.split() == []
