"""Config: attributes, items, freezing, JSON."""

import copy
import json
import pickle

import pytest

from kmb_core.utils import Config


@pytest.fixture
def config():
    return Config(units=3, rate=0.5)


def test_a_value_is_reached_as_attribute_and_as_item(config):
    config.units = 4
    config["depth"] = 2
    assert (config.units, config["units"], config.depth, config.get("depth"), config.get("none", 7)) == (4, 4, 2, 2, 7)


def test_it_counts_lists_and_gives_up_its_names(config):
    assert (len(config), list(config), "units" in config) == (2, ["units", "rate"], True)
    assert config.pop("rate") == 0.5
    del config.units
    assert dict(config.items()) == {}


def test_what_was_never_set_is_named_in_the_error(config):
    with pytest.raises(AttributeError, match="no 'depth'; it has: units, rate"):
        _ = config.depth
    with pytest.raises(KeyError):
        _ = config["depth"]
    with pytest.raises(AttributeError):
        del config.depth


@pytest.mark.parametrize(
    "change",
    [
        lambda c: setattr(c, "units", 1),
        lambda c: c.__setitem__("units", 1),
        lambda c: c.__delitem__("units"),
        lambda c: delattr(c, "units"),
        lambda c: c.pop("units"),
        lambda c: c.update({"units": 1}),
        lambda c: c.update(units=1),
    ],
)
def test_a_frozen_config_refuses_every_change_until_it_is_unfrozen(config, change):
    config.freeze()
    with pytest.raises(ValueError, match="frozen"):
        change(config)
    assert (config.frozen, config.as_dict()) == (True, {"units": 3, "rate": 0.5})
    config.unfreeze()
    change(config)
    assert config.as_dict() != {"units": 3, "rate": 0.5}


def test_json_holds_the_values(config):
    assert json.loads(config.to_json()) == {"units": 3, "rate": 0.5}
    config.thing = object()
    with pytest.raises(TypeError):
        config.to_json()


def test_a_name_that_is_a_method_stays_one(config):
    config["items"] = [1]
    assert config["items"] == [1]
    assert callable(config.items)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies_and_pickles_keep_values_and_frozenness(config, copied):
    config.freeze()
    other = copied(config)
    assert (other.as_dict(), other.frozen) == (config.as_dict(), True)


def test_an_editor_is_offered_the_names(config):
    assert {"units", "rate", "as_dict"} <= set(dir(config))
