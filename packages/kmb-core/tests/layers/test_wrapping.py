import types

import pytest

from kmb_core import layers, plugins
from kmb_core.errors import BackendNotInstalledError
from kmb_core.layers import wrapping
from kmb_core.plugins import discovery, hookimpl

PIP = {
    "FlaxLayer": 'pip install "kmb-core[jax]" "flax"',
    "JaxLayer": 'pip install "kmb-core[jax]"',
    "TFSMLayer": 'pip install "kmb-core[tensorflow]"',
    "TorchModuleWrapper": 'pip install "kmb-core[torch]"',
}


class Offering:
    @staticmethod
    @hookimpl
    def kmb_layers(name):
        return {"FlaxLayer": lambda: Offering} if name == "offering" else {}


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(discovery, "_announced", dict)
    monkeypatch.setattr(discovery, "_registered", {})


@pytest.mark.parametrize("name", sorted(PIP))
def test_without_the_backend_the_error_says_what_to_install(name, nothing_installed):
    with pytest.raises(BackendNotInstalledError) as caught:
        getattr(wrapping, name)
    assert str(caught.value).splitlines()[0] == f"layers.{name}: no installed backend has this layer"
    assert str(caught.value).splitlines()[-1] == PIP[name]


def test_a_plugin_offers_its_layers_by_name(nothing_installed):
    plugins.register("offering", Offering)
    assert wrapping.FlaxLayer is Offering


def test_a_broken_plugin_hides_no_layer_of_another_and_is_the_cause_when_there_is_none(nothing_installed, monkeypatch):
    def load():
        raise ZeroDivisionError("broken")

    broken = discovery.InstalledBackend("broken", "a", "1", types.SimpleNamespace(load=load))
    monkeypatch.setattr(discovery, "_announced", lambda: {"broken": broken})
    with pytest.raises(BackendNotInstalledError) as caught:
        _ = wrapping.FlaxLayer
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    plugins.register("offering", Offering)
    assert wrapping.FlaxLayer is Offering


def test_names_that_depend_on_what_is_installed_are_in_no_list():
    assert set(PIP).isdisjoint(layers.__all__)


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="no attribute 'Other'"):
        _ = wrapping.Other
