"""Copies, pickles and configs of layers."""

import copy
import pickle

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops


def used(layer, *shape):
    layer(ops.ones(shape))
    return layer


MADE = {
    "Dense": lambda: used(layers.Dense(2, activation="relu", name="d"), 1, 3),
    "Conv2D": lambda: used(layers.Conv2D(2, 3, name="c"), 1, 4, 4, 1),
    "BatchNormalization": lambda: used(layers.BatchNormalization(name="b"), 2, 3),
    "Dropout": lambda: used(layers.Dropout(0.5, name="dropped"), 2, 3),
    "Wrapper": lambda: layers.Wrapper(used(layers.Dense(2), 1, 3)),
}


@pytest.mark.parametrize("how", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("name", MADE)
def test_a_copy_has_equal_weights_of_its_own(name, how):
    layer = MADE[name]()
    other = how(layer)
    assert (other.name, other.built) == (layer.name, layer.built)
    assert [v.path for v in other.variables] == [v.path for v in layer.variables]
    for a, b in zip(layer.weights, other.weights, strict=True):
        assert a is not b
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        b.assign(b.numpy() + 1)
        assert not np.array_equal(a.numpy(), b.numpy())


def test_a_copy_computes_the_same(array, numpy):
    layer, x = used(layers.Dense(2, activation="relu"), 1, 3), array(4, 3)
    np.testing.assert_allclose(numpy(copy.deepcopy(layer)(x)), numpy(layer(x)), rtol=1e-6)


def test_layers_that_know_each_other_can_be_copied():
    outer = layers.Wrapper(used(layers.Dense(2), 1, 3))
    outer.layer.owner = outer
    for other in (copy.deepcopy(outer), pickle.loads(pickle.dumps(outer))):
        assert other.layer.owner is other
        assert len(other.weights) == 2


def test_a_shared_layer_stays_shared_in_a_copy():
    class Twice(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.first = self.second = used(layers.Dense(2), 1, 3)

    other = copy.deepcopy(Twice())
    assert other.first is other.second
    assert len(other.weights) == 2


def test_a_custom_layer_needs_no_get_config():
    class Power(kmb_core.Layer):
        def __init__(self, exponent, offset=0.5, **kwargs):
            super().__init__(**kwargs)
            self.exponent = exponent

    layer = Power(3, name="p")
    assert layer.get_config()["exponent"] == 3
    assert layer.get_config()["offset"] == 0.5
    other = Power.from_config(layer.get_config())
    assert (other.name, other.exponent) == ("p", 3)


def test_a_layer_is_written_under_the_name_of_its_declared_class():
    assert type(layers.Dense(2)).__name__ == "Dense"
    entry = kmb_core.saving.serialize_keras_object(layers.Dense(2))
    assert (entry["module"], entry["class_name"], entry["registered_name"]) == ("keras.layers", "Dense", None)
