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
    """{class: its public names}."""
    names = {}
    for name in layers.__all__:
        value = getattr(layers, name)
        if inspect.isclass(value) and issubclass(value, Layer):
            names.setdefault(value, []).append(name)
    return names


@pytest.mark.parametrize("names", layer_classes().values(), ids=lambda names: names[0])
def test_each_layer_has_cases(names):
    assert {*names} & {*CHECKED, *NO_LAYERS_OF_THEIR_OWN}, f"add cases to conformance/layer_cases for {names[0]}"
