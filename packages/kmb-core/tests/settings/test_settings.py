import json
import subprocess
import sys
import warnings

import pytest

from kmb_core import settings as config
from kmb_core.settings.store import settings


@pytest.fixture(autouse=True)
def _restored():
    kept = (config.floatx(), config.epsilon(), config.image_data_format())
    yield
    config.set_floatx(kept[0])
    config.set_epsilon(kept[1])
    config.set_image_data_format(kept[2])
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_floatx_can_be_any_floating_dtype_that_models_compute_in(name):
    config.set_floatx(name)
    assert config.floatx() == name


@pytest.mark.parametrize(
    ("setter", "value"),
    [
        (config.set_floatx, "int8"),
        (config.set_floatx, None),
        (config.set_epsilon, -1),
        (config.set_epsilon, "a"),
        (config.set_epsilon, None),
        (config.set_epsilon, float("nan")),
        (config.set_image_data_format, "x"),
        (config.set_image_data_format, 3),
        (config.set_max_epochs, 0),
        (config.set_max_epochs, 2.5),
        (config.set_max_epochs, True),
        (config.set_max_steps_per_epoch, "3"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(setter, value):
    with pytest.raises(ValueError, match="expected"):
        setter(value)


def test_what_was_set_is_read_back():
    config.set_epsilon(1e-3)
    config.set_image_data_format("Channels_First")
    config.set_max_epochs(3)
    config.set_max_steps_per_epoch(4)
    assert (config.epsilon(), config.image_data_format()) == (1e-3, "channels_first")
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (3, 4)
    assert config.standardize_data_format(None) == "channels_first"
    assert config.standardize_data_format("channels_last") == "channels_last"


@pytest.mark.parametrize("name", ["interactive_logging", "traceback_filtering", "flash_attention"])
def test_a_switch_is_turned_off_and_on(name):
    is_enabled = getattr(config, f"is_{name}_enabled")
    before = is_enabled()
    getattr(config, f"disable_{name}")()
    assert is_enabled() is False
    getattr(config, f"enable_{name}")()
    assert is_enabled() is True
    setattr(settings, name, before)


def test_nnx_is_never_enabled():
    assert config.is_nnx_enabled() is False


def fresh_process(tmp_path, text, code):
    """What a new process with this settings file prints, and what it warns of."""
    if text is not None:
        (tmp_path / "kmb.json").write_text(text)
    environment = {"KMB_HOME": str(tmp_path), "PATH": ""}
    command = [sys.executable, "-c", f"from kmb_core import settings as config\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.strip(), done.stderr


READ = """c = config
print(c.floatx(), c.epsilon(), c.image_data_format(), c.max_epochs(), c.configured_backend())"""


def test_the_users_file_is_read(tmp_path):
    said = {"floatx": "float16", "epsilon": 0.5, "image_data_format": "channels_first", "max_epochs": 2, "backend": "b"}
    assert fresh_process(tmp_path, json.dumps(said), READ) == ("float16 0.5 channels_first 2 b", "")


def test_without_a_file_the_defaults_hold_and_none_is_written(tmp_path):
    assert fresh_process(tmp_path, None, READ) == ("float32 1e-07 channels_last None None", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "[1]", "", "\x00"])
def test_a_malformed_file_is_named_once_and_ignored(tmp_path, text):
    out, warned = fresh_process(tmp_path, text, READ)
    assert out == "float32 1e-07 channels_last None None"
    assert warned.count("is ignored") == 1
    assert str(tmp_path / "kmb.json") in warned


def test_a_bad_value_is_named_and_the_others_hold(tmp_path):
    text = json.dumps({"floatx": "int8", "epsilon": 0.5, "backend": 3})
    out, warned = fresh_process(tmp_path, text, READ)
    assert out == "float32 0.5 channels_last None None"
    assert "'floatx' is ignored" in warned
    assert "'backend' is ignored" in warned


def test_what_was_set_wins_over_the_file(tmp_path):
    out, _ = fresh_process(tmp_path, '{"floatx": "float16"}', "config.set_floatx('float64'); print(config.floatx())")
    assert out == "float64"


def test_importing_reads_no_file(tmp_path):
    assert fresh_process(tmp_path, "{", "print('imported')") == ("imported", "")


def test_reading_settings_here_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        config.floatx()
        config.epsilon()
