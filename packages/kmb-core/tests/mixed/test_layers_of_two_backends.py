"""Layers of several backends alive in one process: each computes on its own."""

import threading

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import is_tensor
from kmb_core.plugins import installed_backends

pytestmark = pytest.mark.mixed

NAMES = sorted(installed_backends())


def made(name):
    with kmb_core.use_backend(name):
        layer = layers.Dense(3, activation="tanh", kernel_initializer=kmb_core.initializers.GlorotUniform(seed=1))
        layer.build((None, 4))
    return layer


@pytest.mark.parametrize("here", NAMES)
@pytest.mark.parametrize("there", NAMES)
def test_a_layer_computes_on_its_own_backend_wherever_it_is_called(here, there):
    layer, x = made(there), np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)
    with kmb_core.use_backend(here):
        y = layer(x)
    with kmb_core.use_backend(there):
        assert is_tensor(y)
        np.testing.assert_allclose(
            kmb_core.ops.convert_to_numpy(y), np.tanh(x @ layer.get_weights()[0]), rtol=1e-4, atol=1e-6
        )


def test_the_same_seed_gives_the_same_weights_on_every_backend():
    first, *others = [made(name).get_weights()[0] for name in NAMES]
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_layers_of_all_backends_run_in_threads_at_once():
    x, results = np.ones((2, 4), "float32"), {}

    def run(name):
        with kmb_core.use_backend(name):
            layer = made(name)
            for _ in range(20):
                results[name] = kmb_core.ops.convert_to_numpy(layer(x))

    threads = [threading.Thread(target=run, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == NAMES
    for result in results.values():
        np.testing.assert_allclose(result, results[NAMES[0]], rtol=1e-5)
