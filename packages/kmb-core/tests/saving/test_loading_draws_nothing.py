"""Loading draws no random values that the file replaces, and all those that it does not."""

import numpy as np
import pytest

import kmb_core
from kmb_core.initializers import RandomNormal
from kmb_core.random import threefry
from kmb_core.saving import load_model

layers = kmb_core.layers


@pytest.fixture
def drawn(monkeypatch):
    """The shapes that random initializers are asked for."""
    shapes = []
    real = threefry._drawn

    def drawn(key, shape, *options):
        shapes.append(tuple(shape))
        return real(key, shape, *options)

    monkeypatch.setattr(threefry, "_drawn", drawn)
    return shapes


def saved(model, tmp_path):
    model.save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


def test_weights_of_the_file_are_not_drawn_first(tmp_path, model, drawn):
    path = saved(model, tmp_path)
    drawn.clear()
    found = load_model(path)
    assert drawn == []
    for ours, right in zip(found.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, right)


def test_new_variables_are_drawn_afterwards_when_they_are_read(tmp_path, model, drawn):
    load_model(saved(model, tmp_path))
    drawn.clear()
    layer = layers.Dense(2)
    layer.build((None, 3))
    assert drawn == []
    assert np.abs(layer.kernel.numpy()).min() > 0
    assert drawn == [(3, 2)]


@kmb_core.saving.register_keras_serializable("draws")
class Doubled(layers.Layer):
    """Works something out from a random weight while it is built."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(3,), initializer=RandomNormal(seed=1), name="kernel")
        self.doubled = kmb_core.ops.convert_to_numpy(kmb_core.ops.multiply(self.kernel, 2.0))

    def call(self, x):
        return x * self.kernel


def test_a_value_that_is_read_while_the_layer_is_built_is_the_one_that_was_drawn(tmp_path, drawn):
    layer = Doubled()
    path = saved(kmb_core.Sequential([kmb_core.Input((3,)), layer]), tmp_path)
    drawn.clear()
    found = load_model(path).layers[0]
    np.testing.assert_array_equal(found.doubled, layer.doubled)
    assert np.abs(found.doubled).min() > 0
    assert drawn == [(3,)]


@kmb_core.saving.register_keras_serializable("draws")
class Partial(layers.Layer):
    """Keeps one of two weights in files."""

    def build(self, input_shape):
        self.kept = self.add_weight(shape=(3,), initializer="glorot_uniform", name="kept")
        self.fresh = self.add_weight(shape=(3,), initializer=RandomNormal(seed=1), name="fresh")

    def call(self, x):
        return x * self.kept * self.fresh

    def save_own_variables(self, store):
        store["kept"] = self.kept

    def load_own_variables(self, store):
        self.kept.assign(store["kept"])


def test_what_a_layer_does_not_read_from_the_file_is_drawn(tmp_path):
    layer = Partial()
    path = saved(kmb_core.Sequential([kmb_core.Input((3,)), layer]), tmp_path)
    found = load_model(path).layers[0]
    np.testing.assert_array_equal(found.fresh.numpy(), layer.fresh.numpy())
    np.testing.assert_array_equal(found.kept.numpy(), layer.kept.numpy())


def test_a_low_rank_layer_comes_back(tmp_path, x):
    made = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(4, lora_rank=2)])
    path = saved(made, tmp_path)
    found = load_model(path)
    np.testing.assert_allclose(
        kmb_core.ops.convert_to_numpy(found(x)), kmb_core.ops.convert_to_numpy(made(x)), rtol=1e-5
    )
