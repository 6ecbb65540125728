"""Files of weights, looked at and changed without a model."""

import json
import zipfile

import numpy as np
import pytest

import kmb_core
from kmb_core.errors import CheckpointError, SecurityError
from kmb_core.saving import KerasFileEditor


@pytest.fixture
def editor(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    return KerasFileEditor(tmp_path / "m.weights.h5")


def printed(editor, capsys):
    capsys.readouterr()
    editor.summary()
    return capsys.readouterr().out.splitlines()[1:]


def test_the_summary_is_a_tree(editor, capsys):
    assert printed(editor, capsys) == [
        "  layers",
        "    dense",
        "      0: shape=(3, 4), dtype=float32",
        "      1: shape=(4,), dtype=float32",
        "    dense_1",
        "      0: shape=(4, 2), dtype=float32",
        "      1: shape=(2,), dtype=float32",
    ]


def test_a_whole_model_is_opened_and_nothing_in_it_is_made(saved):
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps({"module": "os", "class_name": "system", "config": {}}).encode()
    with zipfile.ZipFile(saved, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    editor = KerasFileEditor(saved)
    assert editor.config["class_name"] == "system"
    assert editor.metadata["keras_version"].startswith("3.")


def test_a_file_fits_its_model(editor, model, capsys):
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 4}
    assert "4 weights match" in capsys.readouterr().out


def test_what_does_not_fit_is_printed(editor, capsys):
    layers = kmb_core.layers
    other = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(4), layers.Dense(3), layers.LayerNormalization()])
    assert editor.compare(other) == {"status": "error", "error_count": 3, "match_count": 2}
    out = capsys.readouterr().out
    assert "weight '0' of 'layers/dense_1': (4, 3) in the model, (4, 2) in the file" in out
    assert "'layers/layer_normalization' of the model" in out


@pytest.mark.parametrize("name", ["dense_1", "layers/dense_1"])
def test_renaming_moves_an_object_with_what_is_below(editor, capsys, name):
    editor.rename_object(name, "head")
    assert [line.strip() for line in printed(editor, capsys) if ":" not in line] == ["layers", "dense", "head"]
    editor.rename_object("layers", "parts")
    assert printed(editor, capsys)[0] == "  parts"


def test_renaming_onto_another_object_is_refused(editor):
    with pytest.raises(CheckpointError, match="exists already"):
        editor.rename_object("dense_1", "dense")


def test_objects_and_weights_are_added_and_deleted(editor, capsys):
    editor.delete_object("dense")
    editor.add_object("layers/new", {"0": np.ones(2, "float16"), "1": [1.0, 2.0]})
    editor.add_weights("new", {"2": np.zeros((), "int64")})
    editor.delete_weight("layers/new", "1")
    lines = [line.strip() for line in printed(editor, capsys)]
    assert lines[-3:] == ["new", "0: shape=(2,), dtype=float16", "2: shape=(), dtype=int64"]
    assert "dense" not in lines


@pytest.mark.parametrize(
    "action",
    [
        lambda e: e.rename_object("nothing", "x"),
        lambda e: e.delete_object("layers/nothing"),
        lambda e: e.add_object("nothing/x", {}),
        lambda e: e.add_weights("nothing", {"0": 1.0}),
        lambda e: e.delete_weight("nothing", "0"),
    ],
)
def test_what_is_not_there_is_named(editor, action):
    with pytest.raises(ValueError, match=r"no object '(layers/)?nothing'"):
        action(editor)


def test_a_weight_that_is_not_there_is_named(editor):
    with pytest.raises(ValueError, match=r"no weight '9'; it has \['0', '1'\]"):
        editor.delete_weight("dense", "9")


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "a\0", "vars"])
def test_names_that_a_file_cannot_hold_are_refused(editor, name):
    for action in (
        lambda: editor.rename_object("dense", name),
        lambda: editor.add_weights("dense", {name: 1.0}),
        lambda: editor.add_object("layers/" + name.replace("/", "//"), {}),
    ):
        with pytest.raises(ValueError, match=r"cannot be the name|no object"):
            action()


def test_a_changed_file_is_loaded_where_it_fits(editor, model, tmp_path, x):
    layers = kmb_core.layers
    other = kmb_core.Sequential(
        [kmb_core.Input((3,)), layers.Dense(4, activation="relu"), layers.EinsumDense("ab,bc->ac", 2)]
    )
    editor.rename_object("dense_1", "einsum_dense")
    editor.delete_weight("einsum_dense", "1")
    editor.save(tmp_path / "new.weights.h5")
    other.load_weights(tmp_path / "new.weights.h5")
    kernel, bias = model.layers[2].get_weights()
    expected = kmb_core.ops.convert_to_numpy(model(x)) - bias
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(other(x)), expected, atol=1e-6)
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], kernel)


def test_what_is_saved_and_opened_again_is_the_same(editor, model, tmp_path):
    editor.resave_weights(tmp_path / "again.weights.h5")
    assert KerasFileEditor(tmp_path / "again.weights.h5").compare(model)["match_count"] == 4
    model.load_weights(tmp_path / "again.weights.h5")


def test_values_of_sixteen_bits_stay_what_they_are(tmp_path, capsys):
    layer = kmb_core.layers.Dense(2, dtype="bfloat16")
    kmb_core.Sequential([kmb_core.Input((3,)), layer]).save_weights(tmp_path / "m.weights.h5")
    KerasFileEditor(tmp_path / "m.weights.h5").save(tmp_path / "again.weights.h5")
    assert "dtype=bfloat16" in printed(KerasFileEditor(tmp_path / "again.weights.h5"), capsys)[2]


def test_saving_over_the_same_file_with_another_ending_or_failing_leaves_it(editor, tmp_path):
    before = (tmp_path / "m.weights.h5").read_bytes()
    with pytest.raises(ValueError, match=r"ends in \.weights\.h5"):
        editor.save(tmp_path / "m.keras")
    editor.add_weights("dense", {"2": np.array(["text"])})
    with pytest.raises(ValueError, match="cannot be saved"):
        editor.save(tmp_path / "m.weights.h5")
    assert (tmp_path / "m.weights.h5").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.weights.h5"]


def test_other_files_are_refused(tmp_path, model):
    import h5py

    with pytest.raises(ValueError, match="ends in"):
        KerasFileEditor(tmp_path / "m.txt")
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        file["layers"] = h5py.SoftLink("/elsewhere")
    with pytest.raises(SecurityError, match="link"):
        KerasFileEditor(tmp_path / "m.weights.h5")
