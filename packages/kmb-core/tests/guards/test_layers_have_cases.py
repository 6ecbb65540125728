"""Every built-in layer is checked by the conformance suite; what needs a case of its own kind says why."""

import inspect

import pytest

from kmb_core import Layer, layers
from kmb_core.conformance.layer_cases import CASES

CHECKED = {case.name.partition("(")[0] for case in CASES}
NO_LAYERS_OF_THEIR_OWN = {
    "Layer": "the base class",
    "Wrapper": "a base class of layers around a layer",
    "InputLayer": "a place in a graph; it computes nothing",
}


def layer_classes():
    classes = {name: getattr(layers, name) for name in layers.__all__}
    return sorted({c.__name__ for c in classes.values() if inspect.isclass(c) and issubclass(c, Layer)})


@pytest.mark.parametrize("name", layer_classes())
def test_each_layer_has_cases(name):
    assert name in CHECKED or name in NO_LAYERS_OF_THEIR_OWN, f"add cases to conformance/layer_cases for {name}"
