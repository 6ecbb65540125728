"""`kmb inspect` and `kmb convert`."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import kmb_core
from kmb_core.cli import main


@pytest.fixture
def model():
    layers = kmb_core.layers
    inputs = kmb_core.Input((8,), name="numbers")
    both = layers.Concatenate(name="both")([layers.Dense(4, "relu", name="left")(inputs), inputs])
    inner = kmb_core.Sequential([kmb_core.Input((12,)), layers.Dense(3, name="deep")], name="inner")
    made = kmb_core.Model(inputs, layers.Dense(2, name="head")(inner(both)), name="small")
    made.compile("sgd", "mse")
    return made


@pytest.fixture
def saved(model, tmp_path):
    model.save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


def inspected(capsys, path, status=0):
    assert main(["inspect", "--json", os.fspath(path)]) == status
    return json.loads(capsys.readouterr().out)


def printed(capsys, path, status=0, columns=100, options=()):
    os.environ["COLUMNS"], before = str(columns), os.environ.get("COLUMNS")
    try:
        assert main(["inspect", *options, os.fspath(path)]) == status
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
    return capsys.readouterr().out


def with_members(path, change):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(members, config["config"]["layers"])
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


# kmb inspect ---------------------------------------------------------------------------------------------------------


def test_the_layers_are_listed_with_what_they_take_and_how_large_they_are(saved, capsys):
    found = inspected(capsys, saved)
    rows = {row["name"]: row for row in found["layers"]}
    assert [(row["name"], row["depth"]) for row in found["layers"]] == [
        *[("numbers", 0), ("left", 0), ("both", 0), ("inner", 0)],
        *[(rows["deep"]["name"], 1) if row == "deep" else (row, 1) for row in (found["layers"][4]["name"], "deep")],
        ("head", 0),
    ]
    assert {name: rows[name]["parameters"] for name in ("left", "both", "inner", "deep", "head")} == {
        "left": 8 * 4 + 4,
        "both": 0,
        "inner": 12 * 3 + 3,
        "deep": 12 * 3 + 3,
        "head": 3 * 2 + 2,
    }
    assert rows["left"]["takes"] == [None, 8]
    assert rows["both"]["follows"] == ["left", "numbers"]
    assert rows["left"]["settings"] == {"units": 4, "activation": "relu"}


def test_arrays_and_the_writer_are_told(saved, model, capsys):
    found = inspected(capsys, saved)
    assert found["written_by"] == f"kmb {kmb_core.__version__}, in the format of Keras 3.15.1"
    assert found["model"] == "Functional 'small'"
    assert found["compiled"] == "optimizer sgd, loss mse"
    assert found["unusual"] == []
    row = next(row for row in found["arrays"] if row["path"] == "layers/dense/vars/0")
    assert (row["shape"], row["dtype"], row["bytes"]) == ([8, 4], "float32", 8 * 4 * 4)
    own = sum(int(np.prod(v.shape)) for v in (*model.weights, *model.optimizer.variables))
    assert found["parameters"] == own


def test_nothing_is_built_and_no_backend_is_needed(saved):
    code = f"""
import sys
from kmb_core.cli import main
status = main(["inspect", {os.fspath(saved)!r}])
assert not {{"torch", "jax", "tensorflow"}} & set(sys.modules), sorted(sys.modules)
sys.exit(status)
"""
    environment = {**os.environ, "KMB_BACKEND": "none-of-this-name"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Concatenate" in done.stdout


def test_the_table_fits_a_narrow_terminal_and_a_wide_one_shows_more(saved, capsys):
    narrow, wide = (printed(capsys, saved, columns=columns) for columns in (50, 100))
    table = narrow[narrow.index("layer") : narrow.index("nothing unusual")]
    assert max(map(len, table.splitlines())) <= 50
    assert "settings" not in narrow
    assert "units=4, activation=relu" in wide
    assert "(8, 4)" in narrow
    assert "nothing unusual" in narrow


def test_long_tables_are_cut_unless_all_is_asked_for(tmp_path, capsys):
    made = kmb_core.Sequential([kmb_core.Input((1,)), *[kmb_core.layers.Dense(1) for _ in range(40)]])
    made.save_weights(tmp_path / "w.weights.h5")
    assert "… and 20 more: --all" in printed(capsys, tmp_path / "w.weights.h5")
    assert "layers/dense_39/vars/1" in printed(capsys, tmp_path / "w.weights.h5", options=["--all"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda members, layers: layers[1].update(module=None, registered_name="mine>Own", class_name="Own"),
            "mine>Own",
        ),
        (lambda members, layers: layers[1].update(class_name="Lambda"), "Lambda 'left': a Lambda layer"),
        (
            lambda members, layers: layers[1]["config"].update(
                f={"class_name": "__lambda__", "config": {"code": "4w"}}
            ),
            "Dense 'left': holds a lambda as bytecode",
        ),
        (lambda members, layers: layers[1]["config"].update(vocabulary="/etc/passwd"), "'/etc/passwd'"),
        (lambda members, layers: layers[1]["config"].update(origin="https://x.y/z"), "'https://x.y/z'"),
        (
            lambda members, layers: members.update({"run.py": b"evil"}),
            "member 'run.py' is none that belongs to a model",
        ),
        (lambda members, layers: members.update({"../up": b"evil"}), "'../up' has a name that leaves the archive"),
        (lambda members, layers: members.pop("metadata.json"), "no member metadata.json"),
        (lambda members, layers: members.update({"model.weights.h5": b"no"}), "is no HDF5 file"),
    ],
)
def test_what_is_unusual_is_told_and_the_rest_still_shown(saved, capsys, change, told):
    with_members(saved, change)
    found = inspected(capsys, saved, status=1)
    assert any(told in line for line in found["unusual"]), found["unusual"]
    assert "head" in [row["name"] for row in found["layers"]]


def test_the_ratio_of_a_compressed_archive_is_told(saved, capsys):
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert any("member 'config.json' is compressed" in line for line in inspected(capsys, saved, 1)["unusual"])


def test_names_in_a_file_cannot_steer_the_terminal(saved, capsys):
    with_members(saved, lambda members, layers: layers[1].update(name="\x1b[2J[red]evil[/red]"))
    shown = printed(capsys, saved, columns=200)
    assert "\x1b[2J" not in shown
    assert "\\x1b[2J[red]evil[/red]" in shown


@pytest.mark.parametrize("ending", [".weights.h5", ".safetensors", ".weights.json"])
def test_files_of_weights_are_shown_too(model, tmp_path, capsys, ending):
    path = tmp_path / f"w{ending}"
    model.save_weights(path, max_shard_size=1e-6 if ending.endswith("json") else None)
    found = inspected(capsys, path)
    assert found["parameters"] == inspected_arrays(model)
    assert found["unusual"] == []


def inspected_arrays(model):
    return sum(int(np.prod(v.shape)) for v in (*model.weights, *model.optimizer.variables))


def test_a_wrong_ending_is_told(model, tmp_path, capsys):
    model.save_weights(tmp_path / "w.weights.h5")
    (tmp_path / "w.weights.h5").rename(tmp_path / "w.keras")
    found = inspected(capsys, tmp_path / "w.keras", status=1)
    assert found["kind"] == "weights (HDF5)"
    assert "does not end in .h5" in found["unusual"][0]


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04pickle"])
def test_what_is_no_file_of_a_model_is_an_error_of_two_lines_or_three(tmp_path, capsys, content):
    (tmp_path / "x.keras").write_bytes(content)
    assert main(["inspect", os.fspath(tmp_path / "x.keras")]) == 2
    error = capsys.readouterr().err
    assert "is no file of a model or of weights" in error
    assert "Traceback" not in error


# kmb convert ---------------------------------------------------------------------------------------------------------


def converted(*arguments):
    assert main(["convert", *map(os.fspath, arguments)]) == 0


def fresh(model):
    made = kmb_core.models.clone_model(model)
    made.compile("sgd", "mse")
    return made


def same_weights(ours, right):
    for a, b in zip(ours.get_weights(), right.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_goes_through_all_formats_and_comes_back_the_same(saved, model, tmp_path, capsys):
    tensors, index, weights = (tmp_path / name for name in ("t.safetensors", "i.weights.json", "w.weights.h5"))
    converted(saved, tensors)
    converted(tensors, index, "--max-shard-size", "0.0000003")
    converted(index, weights)
    converted(weights, tmp_path / "back.keras", "--model", saved)
    same_weights(kmb_core.saving.load_model(tmp_path / "back.keras"), model)
    for path in (tensors, index, weights):
        other = fresh(model)
        other.load_weights(path)
        same_weights(other, model)
    assert len(list(tmp_path.glob("i_*.weights.h5"))) > 1
    capsys.readouterr()


def test_tensors_have_the_names_of_variables_where_the_model_is_built(saved, tmp_path, capsys):
    converted(saved, tmp_path / "t.safetensors", "--build")
    converted(saved, tmp_path / "n.safetensors")
    capsys.readouterr()
    named, numbered = (
        {row["path"] for row in inspected(capsys, tmp_path / name)["arrays"]}
        for name in ("t.safetensors", "n.safetensors")
    )
    assert "layers.dense.kernel" in named
    assert "layers.dense.0" in numbered


def test_assets_go_along(tmp_path, capsys):
    lookup = kmb_core.layers.StringLookup()
    lookup.adapt(np.array(["a", "b", "b"]))
    kmb_core.Sequential([kmb_core.Input((1,), dtype="string"), lookup]).save(tmp_path / "m.keras")
    converted(tmp_path / "m.keras", tmp_path / "again.keras")
    found = kmb_core.saving.load_model(tmp_path / "again.keras")
    assert found.layers[0].get_vocabulary() == ["[UNK]", "b", "a"]
    capsys.readouterr()


def refused(capsys, *arguments):
    assert main(["convert", *map(os.fspath, arguments)]) == 2
    return capsys.readouterr().err


def test_what_cannot_be_converted_says_why_and_leaves_the_target(saved, model, tmp_path, capsys):
    model.save_weights(tmp_path / "w.weights.h5")
    other = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(5)])
    other.save(tmp_path / "other.keras")
    (tmp_path / "old.keras").write_text("old")
    (tmp_path / "text.keras").write_text("old")
    assert "without an architecture" in refused(capsys, tmp_path / "w.weights.h5", tmp_path / "old.keras")
    arguments = (tmp_path / "w.weights.h5", tmp_path / "old.keras", "--model", tmp_path / "other.keras")
    assert "arrays differ: layers/dense/vars/0" in refused(capsys, *arguments)
    assert "exists already" in refused(capsys, saved, tmp_path / "old.keras", "--keep")
    assert "is no file of a model" in refused(capsys, tmp_path / "text.keras", tmp_path / "old.keras")
    assert "no such file" in refused(capsys, tmp_path / "none.keras", tmp_path / "old.keras")
    assert "ends in .weights.h5" in refused(capsys, saved, tmp_path / "m.txt")
    assert "max_shard_size is for files" in refused(capsys, saved, tmp_path / "m.weights.json")
    assert (tmp_path / "old.keras").read_text() == "old"


def test_tensors_of_another_library_need_the_model_that_gives_their_names_a_meaning(saved, model, tmp_path, capsys):
    arrays = {f"layers.{layer}.{name}": value for layer, name, value in named_weights(model)}
    start, header = 0, {}
    for name, value in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [start, start + value.nbytes]}
        start += value.nbytes
    text = json.dumps(header).encode()
    content = len(text).to_bytes(8, "little") + text + b"".join(value.tobytes() for value in arrays.values())
    (tmp_path / "t.safetensors").write_bytes(content)
    assert "of another library" in refused(capsys, tmp_path / "t.safetensors", tmp_path / "w.weights.h5")
    converted(tmp_path / "t.safetensors", tmp_path / "w.weights.h5", "--model", saved, "--build")
    other = fresh(model)
    other.load_weights(tmp_path / "w.weights.h5")
    same_weights(other, model)
    capsys.readouterr()


def named_weights(model):
    places = ["dense", "sequential.layers.dense", "dense_1"]
    owners = [layer for layer in model.layers for layer in getattr(layer, "layers", [layer]) if layer.weights]
    for place, layer in zip(places, owners, strict=True):
        yield from ((place, weight.name, kmb_core.ops.convert_to_numpy(weight)) for weight in layer.weights)
