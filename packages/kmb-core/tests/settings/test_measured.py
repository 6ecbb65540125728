"""`measured.json`: what was measured last decides, what cannot be read is reported once."""

import json
import warnings

import pytest

from kmb_core.settings import measured


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KMB_HOME", str(tmp_path / "settings"))
    return tmp_path / "settings"


ALL = ("jax", "numpy", "torch")


def test_nothing_is_fastest_before_anything_was_measured(home):
    assert measured.fastest(None, "training", ALL) is None
    assert not home.exists()


def test_the_fastest_for_a_model_is_found_by_purpose_among_what_is_installed(home):
    path = measured.record("one", "first model", {"jax": 5.0, "torch": 7.0}, {"numpy": 9.0, "jax": 9.0, "torch": 1.0})
    assert path == home / "measured.json"
    assert measured.fastest("one", "training", ALL) == "torch"
    assert measured.fastest("one", "training", ("jax", "numpy")) == "jax"
    assert measured.fastest("one", "training", ("numpy",)) == "numpy"  # was only measured without training
    assert measured.fastest("one", "inference", ALL) == "jax"  # as fast as numpy: the first by name
    assert measured.fastest("other", "training", ALL) is None


def test_without_a_model_the_one_measured_last_decides():
    measured.record("one", "a", {"jax": 1.0}, {})
    measured.record("two", "b", {"torch": 1.0}, {})
    assert measured.fastest(None, "training", ALL) == "torch"
    measured.record("one", "a", {"jax": 1.0}, {})
    assert measured.fastest(None, "training", ALL) == "jax"


def test_the_oldest_models_are_forgotten(monkeypatch, home):
    monkeypatch.setattr(measured, "MOST_MODELS", 2)
    for name in ("one", "two", "three"):
        measured.record(name, name, {"jax": 1.0}, {})
    assert list(json.loads((home / "measured.json").read_text())["models"]) == ["two", "three"]
    assert [path.name for path in home.iterdir()] == ["measured.json"]


@pytest.mark.parametrize("text", ["{", "[]", '{"models": 3}', '{"models": {"a": {"training": {"jax": "quick"}}}}'])
def test_a_file_that_cannot_be_read_is_reported_once_and_written_anew(home, text):
    home.mkdir()
    (home / "measured.json").write_text(text)
    with pytest.warns(UserWarning, match=r"measured.json is ignored: .*kmb bench"):
        assert measured.fastest(None, "training", ALL) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measured.fastest(None, "training", ALL) is None
        measured.record("one", "a", {"jax": 1.0}, {})
    assert measured.fastest("one", "training", ALL) == "jax"
