"""layers.serialize and layers.deserialize."""

import pytest

from kmb_core import layers, optimizers


def test_a_layer_comes_back_as_it_was():
    form = layers.serialize(layers.Dense(3, activation="relu", name="head"))
    layer = layers.deserialize(form)
    assert type(layer) is type(layers.Dense(1))
    assert layer.get_config() == form["config"] | {"dtype": layer.get_config()["dtype"]}
    assert (layer.name, layer.units) == ("head", 3)


def test_a_class_without_module_is_a_built_in_layer():
    assert layers.deserialize({"class_name": "Dense", "config": {"units": 4}}).units == 4


def test_ones_own_class_is_given_by_name():
    class Doubled(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    layer = layers.deserialize(layers.serialize(Doubled(name="twice")), custom_objects={"Doubled": Doubled})
    assert isinstance(layer, Doubled)
    assert layer.name == "twice"


@pytest.mark.parametrize("config", [None, "Dense", 3, optimizers.serialize(optimizers.Adam())])
def test_what_is_no_layer_is_refused(config):
    with pytest.raises(ValueError, match="config of a layer"):
        layers.deserialize(config)
