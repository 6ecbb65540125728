"""A file is written whole or not at all."""

import os
import stat

import pytest

from kmb_core.errors import CheckpointError, FileAccessError, MissingFileError
from kmb_core.saving import atomic
from kmb_core.saving.atomic import atomic_file


def write(path, text):
    with atomic_file(path) as temporary, open(temporary, "w") as file:
        file.write(text)


def test_the_file_is_there_at_the_end_and_nothing_else(tmp_path):
    write(tmp_path / "a.txt", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_the_old_file_is_whole_until_the_new_one_is(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with atomic_file(tmp_path / "a.txt") as temporary:
        with open(temporary, "w") as file:
            file.write("half of the n")
        assert (tmp_path / "a.txt").read_text() == "old"
    assert (tmp_path / "a.txt").read_text() == "half of the n"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_after_a_failure_the_old_file_is_as_it_was(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")

    def half():
        with atomic_file(tmp_path / "a.txt") as temporary:
            with open(temporary, "w") as file:
                file.write("half")
            raise error

    with pytest.raises((error, FileAccessError)):
        half()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "close"])
def test_a_failure_of_the_system_is_reported_and_leaves_the_old_file(tmp_path, monkeypatch, step):
    (tmp_path / "a.txt").write_text("old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, step, fail)
    with pytest.raises(FileAccessError, match="No space left on device"):
        write(tmp_path / "a.txt", "new")
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_the_data_is_on_the_disk_before_the_name_changes_and_the_folder_after(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor):
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", noted_fsync)
    monkeypatch.setattr(atomic.os, "replace", lambda a, b: (done.append("rename"), replace(a, b)))
    write(tmp_path / "a.txt", "new")
    assert done == ["file", "rename", "folder"]


def test_permissions_stay_and_new_files_get_the_usual_ones(tmp_path):
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o640)
    (tmp_path / "usual").write_text("")
    for name in ("old", "new"):
        write(tmp_path / name, "x")
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("old", "new", "usual")}
    assert modes["old"] == 0o640
    assert modes["new"] == modes["usual"]


def test_a_symbolic_link_goes_on_pointing_to_the_file(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="no folder") as caught:
        write(tmp_path / "none" / "a.txt", "x")
    assert isinstance(caught.value, FileNotFoundError)
    assert isinstance(caught.value, CheckpointError)


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(FileAccessError, match="it is a folder"):
        write(tmp_path / "a", "x")
