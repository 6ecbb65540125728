"""Layers as tf.Modules: checkpoints, SavedModel, tf.Module's walk over variables."""

import copy
import pickle

import numpy as np
import pytest
import tensorflow as tf

from kmb_core.layers.core.dense import Dense
from kmb_core.layers.layer import Layer


class Block(Layer):
    """Layers in containers, a weight in an attribute, a weight in none."""

    def __init__(self):
        super().__init__()
        self.parts = [Dense(3), {"last": Dense(2)}]

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(2,), initializer="ones", name="scale")
        self.add_weight(shape=(1,), initializer="ones", name="loose", trainable=False)

    def call(self, x):
        return self.parts[1]["last"](self.parts[0](x)) * self.scale + self._non_trainable_variables[0]


class Outer(Layer):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def call(self, x):
        return self.block(x)


@pytest.fixture
def x():
    return tf.constant(np.random.default_rng(0).normal(size=(4, 5)), tf.float32)


def test_a_layer_is_a_module_with_its_own_name():
    layer = Block()
    assert isinstance(layer, tf.Module)
    assert layer.name == "block" or layer.name.startswith("block_")


def test_an_enclosing_module_finds_the_variables_of_nested_layers(x):
    module = tf.Module()
    module.layers = [Outer()]
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(module.layers[0](x))
    assert len(module.variables) == 6
    assert len(module.trainable_variables) == 5
    assert all(gradient is not None for gradient in tape.gradient(y, module.trainable_variables))
    assert len(module.submodules) == 4


def test_a_tape_takes_the_layers_variables(x):
    layer = Outer()
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x))
    gradients = tape.gradient(y, layer.trainable_variables)
    assert [tuple(g.shape) for g in gradients] == [v.shape for v in layer.trainable_variables]


def test_a_checkpoint_restores_a_layer_that_is_built(x, tmp_path):
    layer, other = Outer(), Outer()
    expected = layer(x).numpy()
    path = tf.train.Checkpoint(model=layer).save(str(tmp_path / "checkpoint"))
    assert (other(x).numpy() != expected).any()
    tf.train.Checkpoint(model=other).restore(path).assert_consumed()
    assert (other(x).numpy() == expected).all()


def test_a_checkpoint_restored_first_fills_variables_when_they_are_made(x, tmp_path):
    layer, other = Outer(), Outer()
    layer(x)
    layer.block.scale.assign([3.0, 4.0])
    expected = layer(x).numpy()
    path = tf.train.Checkpoint(model=layer).save(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(model=other).restore(path)
    other(x)
    assert other.block.scale.numpy().tolist() == [3.0, 4.0]
    assert np.allclose(other(x).numpy(), expected)


def test_a_saved_model_holds_the_functions_and_variables(x, tmp_path):
    layer = Outer()
    expected = layer(x).numpy()
    layer.serve = tf.function(lambda a: layer(a), input_signature=[tf.TensorSpec((None, 5))])
    tf.saved_model.save(layer, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.serve(x), expected, rtol=1e-6)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_are_modules_of_their_own(copied, x):
    layer = Block()
    expected = layer(x).numpy()
    other = copied(layer)
    other.scale.assign([0.0, 0.0])
    assert isinstance(other, tf.Module)
    assert (layer(x).numpy() == expected).all()
    assert (other(x).numpy() == 1).all()
