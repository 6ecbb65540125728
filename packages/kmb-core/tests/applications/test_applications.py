"""`kmb_core.applications` is a doorway: these tests stand a made-up package behind it, or none."""

import types

import importlib_metadata
import pytest

from kmb_core import applications, errors


class EntryPoint:
    def __init__(self, module):
        self.module = module

    def load(self):
        return self.module


@pytest.fixture
def announced(monkeypatch):
    """Returns a function that puts one module, or none, behind the namespace."""

    def announce(*modules):
        asked = []

        def entry_points(**query):
            asked.append(query)
            return tuple(EntryPoint(module) for module in modules)

        monkeypatch.setattr(importlib_metadata, "entry_points", entry_points)
        return asked

    applications._providers.cache_clear()
    yield announce
    applications._providers.cache_clear()


def module_with(**names):
    module = types.ModuleType("made_up")
    vars(module).update(names)
    return module


def test_without_a_provider_the_error_names_the_command(announced):
    announced()
    with pytest.raises(ImportError, match=r"pip install kmb-core\[applications\]") as caught:
        applications.ResNet50  # noqa: B018 - reading the attribute is what is tested
    assert isinstance(caught.value, errors.NamespaceNotInstalledError)


def test_without_a_provider_importing_a_name_gives_the_same_error(announced):
    announced()
    with pytest.raises(errors.NamespaceNotInstalledError):
        from kmb_core.applications import ResNet50  # noqa: F401 - the import itself is what is tested


def test_without_a_provider_completion_is_empty_and_quiet(announced):
    announced()
    assert dir(applications) == []


def test_names_come_from_the_provider(announced):
    announced(module_with(ResNet50="a model"))
    assert applications.ResNet50 == "a model"
    assert dir(applications) == ["ResNet50"]


def test_the_provider_is_looked_up_by_group_and_name_and_only_once(announced):
    asked = announced(module_with(ResNet50=1, VGG16=2))
    assert applications.ResNet50 + applications.VGG16 == 3
    assert asked == [{"group": "kmb.namespaces", "name": "applications"}]


def test_a_name_the_provider_lacks_is_an_attribute_error_that_lists_what_there_is(announced):
    announced(module_with(VGG16=1))
    with pytest.raises(AttributeError, match=r"no 'VGG17'.*VGG16"):
        applications.VGG17  # noqa: B018 - reading the attribute is what is tested


def test_pythons_own_probes_do_not_look_for_a_provider(announced):
    asked = announced()
    assert not hasattr(applications, "__wrapped__")
    assert asked == []


def test_a_failed_lookup_is_repeated_so_that_a_notebook_can_install_and_go_on(announced):
    announced()
    assert not dir(applications)
    announced(module_with(VGG16=1))
    assert dir(applications) == ["VGG16"]


def test_several_packages_stand_behind_it(announced):
    first = module_with(VGG16=1, list_models=lambda: ["VGG16"])
    second = module_with(VGG16=2, MyNet=3, list_models=lambda: ["MyNet"])
    announced(first, second, module_with(other=4))
    assert (applications.VGG16, applications.MyNet, applications.other) == (1, 3, 4)
    assert applications.list_models() == ["VGG16", "MyNet"]
    assert dir(applications) == ["MyNet", "VGG16", "list_models", "other"]


def test_models_are_listed_only_where_there_are_some(announced):
    announced()
    with pytest.raises(errors.NamespaceNotInstalledError, match="pip install"):
        applications.list_models()
