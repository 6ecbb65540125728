"""The package announces itself, and the core's namespace is this package."""

import importlib_metadata
import pytest

import kmb_applications
from kmb_core import applications


def test_the_entry_point_loads_this_package():
    (found,) = importlib_metadata.entry_points(group="kmb.namespaces", name="applications")
    assert found.load() is kmb_applications


def test_the_version_is_that_of_the_distribution():
    assert kmb_applications.__version__ == importlib_metadata.version("kmb-applications")


def test_the_namespace_of_the_core_lists_what_this_package_holds():
    assert dir(applications) == sorted(kmb_applications.__all__)


def test_a_name_it_does_not_hold_is_an_attribute_error_not_an_install_hint():
    with pytest.raises(AttributeError, match="kmb_applications"):
        applications.NoSuchModel  # noqa: B018 - reading the attribute is what is tested
