"""OrbaxCheckpoint without Orbax."""

import sys

import pytest

import kmb_core
from kmb_core.callbacks import OrbaxCheckpoint


@pytest.fixture(autouse=True)
def without_orbax(monkeypatch):
    for module in [name for name in sys.modules if name.partition(".")[0] == "orbax"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "orbax", None)


def test_the_command_that_installs_it_is_named():
    with pytest.raises(ImportError, match=r"(?s)callbacks\.OrbaxCheckpoint needs.*pip install orbax-checkpoint"):
        OrbaxCheckpoint("folder")


def test_reading_a_checkpoint_names_it_too(tmp_path):
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "_CHECKPOINT_METADATA").write_text("{}")
    with pytest.raises(ImportError, match=r"(?s)load_model of a checkpoint of Orbax needs.*pip install"):
        kmb_core.saving.load_model(tmp_path)


def test_a_folder_without_checkpoints_is_no_model(tmp_path):
    with pytest.raises(ValueError, match="expected a file name that ends in"):
        kmb_core.saving.load_model(tmp_path)
