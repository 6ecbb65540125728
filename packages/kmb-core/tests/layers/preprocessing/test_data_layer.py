"""Where a layer that prepares data runs, what it draws from, and that it travels."""

import pickle
import threading

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, random
from kmb_core.backend import current_backend
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.ops import convert_to_numpy
from kmb_core.plugins import installed_backends

BACKENDS = sorted(installed_backends())


class Noise(DataLayer):
    """Adds random numbers; says on which backend it ran."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.generator = random.SeedGenerator(seed)
        self.ran_on = None

    def call(self, inputs):
        self.ran_on = current_backend().name
        return inputs + random.uniform((3,), seed=self.generator)


def test_alone_it_runs_on_its_own_backend(array):
    layer = Noise()
    for x in (array(2, 3), kmb_core.ops.ones((2, 3)), [[1.0, 2.0, 3.0]]):
        assert current_backend().is_tensor(layer(x))
        assert layer.ran_on == kmb_core.config.backend()


@pytest.mark.mixed
@pytest.mark.parametrize("there", BACKENDS)
def test_a_scope_moves_it_and_its_draws(there, array):
    layer = Noise(seed=3)
    x = array(2, 3)
    with kmb_core.use_backend(there):
        first, second = layer(x), layer(x)
        assert layer.ran_on == there
        assert current_backend().is_tensor(first)
        first, second = convert_to_numpy(first), convert_to_numpy(second)
        assert not np.array_equal(first, second)
        np.testing.assert_array_equal(convert_to_numpy(Noise(seed=3)(x)), first)


@pytest.mark.mixed
def test_the_generators_of_other_backends_are_no_state_of_the_layer(array):
    layer = Noise(seed=3)
    layer(array(2, 3))
    before = len(layer.variables)
    for there in BACKENDS:
        with kmb_core.use_backend(there):
            layer(array(2, 3))
    assert len(layer.variables) == before == 1


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="different lengths"):
        layers.Rescaling(2.0)([[1.0], [1.0, 2.0]])


def test_it_can_be_pickled(array, numpy):
    layer = layers.Rescaling(3.0)
    layer(array(2, 3))
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_allclose(numpy(again(np.ones(2))), [3, 3])
    noise = pickle.loads(pickle.dumps(Noise(seed=1)))
    assert noise(array(2, 3)).shape[1] == 3


@pytest.mark.mixed
@pytest.mark.parametrize("there", BACKENDS)
def test_it_can_be_pickled_after_it_ran_elsewhere(there, array, numpy):
    layer = layers.Rescaling(3.0)
    with kmb_core.use_backend(there):
        layer(array(2, 3))
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_allclose(numpy(again(np.ones(2))), [3, 3])


def results_in_threads(layer, backends):
    results = {}

    def run(number, backend):
        with kmb_core.use_backend(backend):
            results[number] = convert_to_numpy(layer(np.full(2, number)))

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(backends)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {number: result.tolist() for number, result in sorted(results.items())}


def test_it_runs_in_threads():
    results = results_in_threads(layers.Rescaling(2.0), [kmb_core.config.backend()] * 4)
    assert results == {n: [2.0 * n, 2.0 * n] for n in range(4)}


@pytest.mark.mixed
def test_it_runs_on_another_backend_in_each_thread():
    results = results_in_threads(layers.Rescaling(2.0), BACKENDS)
    assert results == {n: [2.0 * n, 2.0 * n] for n in range(len(BACKENDS))}
