"""The plain form of Keras 2, written and read."""

import pytest

import kmb_core
from kmb_core.layers import Dense
from kmb_core.legacy.saving import deserialize_keras_object, serialize_keras_object
from kmb_core.utils import legacy


class Scale:
    def __init__(self, by=1):
        self.by = by

    def get_config(self):
        return {"by": self.by}


def test_a_layer_is_written_and_read():
    form = serialize_keras_object(Dense(3, activation="relu", name="head"))
    assert form["class_name"] == "Dense"
    assert form["config"]["units"] == 3
    layer = deserialize_keras_object(form, module_objects=vars(kmb_core.layers))
    assert (layer.name, layer.units, layer.activation) == ("head", 3, kmb_core.activations.relu)


def test_functions_are_names():
    assert serialize_keras_object(kmb_core.activations.gelu) == "gelu"
    found = deserialize_keras_object("gelu", {"gelu": kmb_core.activations.gelu})
    assert found is kmb_core.activations.gelu


def test_none_stays_none_and_functions_stay_themselves():
    assert serialize_keras_object(None) is None
    assert deserialize_keras_object(None) is None
    assert deserialize_keras_object(len) is len


def test_classes_of_ones_own_are_given_by_name_or_scope():
    form = serialize_keras_object(Scale(4))
    assert form == {"class_name": "Scale", "config": {"by": 4}}
    assert deserialize_keras_object(form, custom_objects={"Scale": Scale}).by == 4
    with kmb_core.saving.custom_object_scope({"Scale": Scale}):
        assert deserialize_keras_object("Scale").by == 1


@pytest.mark.parametrize("form", ["Nothing", {"class_name": "Nothing", "config": {}}])
def test_an_unknown_name_is_refused(form):
    with pytest.raises(ValueError, match="unknown layer 'Nothing'"):
        deserialize_keras_object(form, vars(kmb_core.layers), printable_module_name="layer")


@pytest.mark.parametrize("form", [3, {"x": 1}, {"class_name": "Dense"}])
def test_another_form_is_refused(form):
    with pytest.raises(ValueError, match="class_name and config"):
        deserialize_keras_object(form)


def test_what_cannot_be_described_is_refused():
    with pytest.raises(ValueError, match="no get_config"):
        serialize_keras_object(3)


def test_utils_has_the_same_functions():
    assert legacy.serialize_keras_object is serialize_keras_object
    assert legacy.deserialize_keras_object is deserialize_keras_object
