"""Initial values wait until they are read, and are then what they would have been at once."""

import copy
import pickle
import threading

import numpy as np
import pytest

import kmb_core
from kmb_core import initializers, layers, ops
from kmb_core.errors import ShapeError
from kmb_core.random import threefry


@pytest.fixture
def drawn(monkeypatch):
    """The shapes that are drawn."""
    shapes = []
    real = threefry._drawn

    def recording(key, shape, *options):
        shapes.append(tuple(shape))
        return real(key, shape, *options)

    monkeypatch.setattr(threefry, "_drawn", recording)
    return shapes


def dense(**options):
    layer = layers.Dense(4, kernel_initializer=initializers.GlorotUniform(seed=3), **options)
    layer.build((None, 5))
    return layer


def expected():
    return initializers.GlorotUniform(seed=3).sample((5, 4), "float32")


def test_building_draws_nothing_and_reading_draws_once(drawn):
    layer = dense()
    assert (drawn, layer.kernel.shape, layer.kernel.dtype, layer.count_params()) == ([], (5, 4), "float32", 24)
    np.testing.assert_array_equal(layer.kernel.numpy(), expected())
    layer(np.ones((1, 5), "float32"))
    assert drawn == [(5, 4), (5, 4)]  # the second for what is expected


def test_unseeded_values_do_not_depend_on_the_order_of_reading():
    def built():
        kmb_core.utils.set_random_seed(1)
        made = [layers.Dense(3), layers.Dense(3)]
        for layer in made:
            layer.build((None, 2))
        return made

    forwards = [layer.kernel.numpy() for layer in built()]
    backwards = [layer.kernel.numpy() for layer in reversed(built())]
    np.testing.assert_array_equal(forwards, backwards[::-1])


def test_a_value_that_is_assigned_before_it_is_read_is_never_drawn(drawn):
    layer = dense()
    layer.kernel.assign(np.ones((5, 4)))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.ones((5, 4)))
    layer.kernel.assign_add(np.ones((5, 4)))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.full((5, 4), 2.0))
    assert drawn == []


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_have_the_same_value(copied):
    layer = dense()
    other = copied(layer)
    layer.kernel.assign(np.zeros((5, 4)))
    np.testing.assert_array_equal(other.kernel.numpy(), expected())


def test_threads_that_read_at_once_get_one_value(drawn):
    layer, found, start = dense(), [], threading.Barrier(4)

    def read():
        start.wait()
        found.append(layer.kernel.numpy())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [(5, 4)]
    for value in found:
        np.testing.assert_array_equal(value, expected())


def test_a_value_may_be_read_first_in_scopes():
    layer = dense()
    with kmb_core.device("cpu"), kmb_core.StatelessScope():
        np.testing.assert_array_equal(ops.convert_to_numpy(layer.kernel), expected())
    layer = dense(dtype="mixed_bfloat16")
    outputs = ops.cast(layer(ops.ones((1, 5))), "float32")
    np.testing.assert_allclose(ops.convert_to_numpy(outputs), np.ones((1, 5)) @ expected(), atol=0.02)
    assert layer.kernel.dtype == "float32"


def test_a_variable_that_is_frozen_before_it_is_read_is_trained_again_later():
    layer = dense()
    layer.trainable = False
    np.testing.assert_array_equal(layer.kernel.numpy(), expected())
    layer.trainable = True
    assert [variable.path for variable in layer.trainable_variables] == [layer.kernel.path, layer.bias.path]


def test_what_does_not_fit_is_refused_when_the_layer_is_built():
    with pytest.raises(ShapeError, match="at least 2 axes"):
        layers.Layer().add_weight(shape=(3,), initializer="orthogonal")


def test_initializers_of_ones_own_are_called_when_the_layer_is_built():
    asked = []

    class Recording(initializers.RandomNormal):
        def sample(self, shape, dtype):
            asked.append(shape)
            return super().sample(shape, dtype)

    layers.Dense(4, kernel_initializer=Recording()).build((None, 5))
    assert asked == [(5, 4)]


def test_a_value_that_a_file_fails_to_give_is_drawn_after_all(drawn):
    class Broken:
        shape, dtype = (5, 4), "float32"

        def read(self, out=None):
            raise OSError("the disk is gone")

    layer = dense()
    with pytest.raises(OSError, match="the disk is gone"):
        layer.kernel._load(Broken())
    assert drawn == []
    np.testing.assert_array_equal(layer.kernel.numpy(), expected())
