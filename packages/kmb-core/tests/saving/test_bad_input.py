"""Files that are not what they should be, and places that are not plain: a clear error, or the right result."""

import itertools
import os
import zipfile

import numpy as np
import pytest

import kmb_core
from kmb_core.errors import CheckpointError, FileAccessError, MissingFileError, SecurityError
from kmb_core.saving import archive, load_model, save_model

FORMATS = ["m.keras", "m.weights.h5", "m.weights.json", "m.safetensors"]


def save(model, path):
    if str(path).endswith(".keras"):
        model.save(path)
    else:
        model.save_weights(path, max_shard_size=1.0 if str(path).endswith(".json") else None)


def refused(action, *words, errors=CheckpointError):
    """The error, whose first line has all these words and whose others are at most two."""
    with pytest.raises(errors) as caught:
        action()
    lines = str(caught.value).splitlines()
    assert all(word in lines[0] for word in words), lines[0]
    assert len(lines) <= 3
    return caught.value


@pytest.fixture
def values(model):
    """The model's weights, which must be what they are after each refusal."""
    before = [value.tobytes() for value in model.get_weights()]
    yield before
    assert [value.tobytes() for value in model.get_weights()] == before


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"hello, this is a text and nothing else", "foreign"),
        (b"%PDF-1.7 " + bytes(2000), "foreign"),
        (b"\x80\x04\x95" + bytes(200), "a pickle"),
    ],
)
def test_what_is_no_file_of_weights_is_refused_and_changes_nothing(tmp_path, model, values, name, content, kind):
    (tmp_path / name).write_bytes(content)
    refused(lambda: model.load_weights(tmp_path / name), name)
    if name.endswith(".keras"):
        refused(lambda: load_model(tmp_path / name), name)


@pytest.mark.parametrize("name", FORMATS)
def test_half_of_a_file_is_refused_and_changes_nothing(tmp_path, model, values, name):
    save(model, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    refused(lambda: model.load_weights(tmp_path / name), name)


@pytest.mark.parametrize(("name", "other"), list(itertools.permutations(FORMATS, 2)))
def test_a_file_under_the_name_of_another_format_is_refused(tmp_path, model, values, name, other):
    save(model, tmp_path / name)
    (tmp_path / name).rename(tmp_path / f"x{other}")
    refused(lambda: model.load_weights(tmp_path / f"x{other}"), f"x{other}")


@pytest.mark.parametrize("name", ["m.txt", "m", "m.pt", "m.npz", "m.h5", "m.keras.zip"])
def test_another_ending_is_refused_with_one_that_is_right(tmp_path, model, name):
    error = refused(lambda: model.load_weights(tmp_path / name), name, ".weights.h5")
    assert ".weights.h5'" in str(error)


def test_an_encrypted_archive_is_refused(saved, model, values):
    content = bytearray(saved.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # flags of each member, in both its headers
        start = content.find(signature)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(signature, start + 4)
    saved.write_bytes(content)
    refused(lambda: load_model(saved), "model.keras", "is encrypted", errors=SecurityError)
    refused(lambda: model.load_weights(saved), "model.keras", "is encrypted", errors=SecurityError)


def test_an_empty_archive_is_refused(tmp_path):
    zipfile.ZipFile(tmp_path / "m.keras", "w").close()
    refused(lambda: load_model(tmp_path / "m.keras"), "m.keras", "no member metadata.json")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("folder", ["with spaces", "Übung – 模型 – модель", 'it\'s "quoted"', "100% {name} [1] $HOME"])
def test_paths_with_spaces_and_other_alphabets_work(tmp_path, model, x, name, folder):
    place = tmp_path / folder
    place.mkdir()
    path = place / f"é {name}"
    save(model, path)
    expected = kmb_core.ops.convert_to_numpy(model(x))
    found = kmb_core.models.clone_model(model)
    found.load_weights(path)
    np.testing.assert_array_equal(kmb_core.ops.convert_to_numpy(found(x)), expected)
    if name.endswith(".keras"):
        np.testing.assert_array_equal(kmb_core.ops.convert_to_numpy(load_model(path)(x)), expected)
    assert not [entry for entry in os.listdir(place) if entry.startswith(".")]


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_that_is_not_there_is_named(tmp_path, model, name):
    refused(lambda: save(model, tmp_path / "none" / name), "no folder", "none", errors=MissingFileError)
    refused(lambda: model.load_weights(tmp_path / "none" / name), name, "no such file", errors=MissingFileError)


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_of_the_name_is_neither_replaced_nor_read(tmp_path, model, values, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "inside").write_text("stays")
    refused(lambda: save(model, tmp_path / name), name, errors=FileAccessError)
    refused(lambda: model.load_weights(tmp_path / name), name)
    assert (tmp_path / name / "inside").read_text() == "stays"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def forbidden(*arguments, **options):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_without_permission_is_named(tmp_path, model, name, monkeypatch):
    monkeypatch.setattr(kmb_core.saving.unfinished.os, "open", forbidden)  # an administrator may write everywhere
    refused(lambda: save(model, tmp_path / name), "Permission denied", "m", errors=FileAccessError)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_permission_is_named(saved, monkeypatch):
    monkeypatch.setattr(archive, "open", forbidden, raising=False)
    refused(lambda: load_model(saved), "model.keras", "Permission denied", errors=FileAccessError)


class Unbuilt(kmb_core.Model):
    """Makes its weights when it meets data."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = kmb_core.layers.Dense(2)

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize("name", FORMATS[1:])
def test_weights_of_a_model_that_was_never_built_are_neither_written_nor_read(tmp_path, model, name):
    refused(lambda: save(Unbuilt(), tmp_path / name), "has no weights yet", "not built")
    assert list(tmp_path.iterdir()) == []
    save(model, tmp_path / name)
    with pytest.raises(CheckpointError, match="not built, so it has no weights yet"):
        Unbuilt().load_weights(tmp_path / name)


def test_a_model_that_was_never_built_is_saved_with_a_warning_and_comes_back_unbuilt(tmp_path):
    with pytest.warns(UserWarning, match="before it is built"):
        save_model(kmb_core.Sequential([kmb_core.layers.Dense(2, name="head")]), tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert not found.built
    assert found(np.ones((1, 3), "float32")).shape == (1, 2)


@pytest.mark.parametrize("name", FORMATS)
def test_a_path_may_be_bytes(tmp_path, model, name):
    save(model, tmp_path / name)
    model.load_weights(os.fsencode(tmp_path / name))
    os.remove(tmp_path / name)
    if not name.endswith(".json"):
        (model.save if name.endswith(".keras") else model.save_weights)(os.fsencode(tmp_path / name))
        assert (tmp_path / name).exists()


@pytest.mark.parametrize("path", [None, 3, ["m.keras"]])
def test_what_is_no_path_is_named(model, path):
    for action in (load_model, model.save, model.load_weights, model.save_weights):
        refused(lambda action=action: action(path), "a text or a pathlib.Path", type(path).__name__, errors=TypeError)


def test_a_path_that_no_system_takes_is_refused(model):
    for action in (load_model, model.save, model.load_weights):
        refused(lambda action=action: action("a\0b.keras"), "NUL", errors=FileAccessError)


@pytest.mark.parametrize("name", ["m.weights.h5", "m.weights.json", "m.safetensors"])
def test_weights_alone_are_no_model(tmp_path, model, name):
    save(model, tmp_path / name)
    refused(lambda: load_model(tmp_path / name), name, "weights alone")
