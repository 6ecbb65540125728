"""`Model.export`: what it hands over, what it checks, and what it leaves behind when something is wrong."""

import os

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import BackendNotInstalledError, ExportError, FileAccessError, MissingFileError, NotBuiltError
from kmb_core.export import export_formats, load_exported

X = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)


def model_with(*inside):
    return kmb_core.Sequential([kmb_core.Input((4,), name="features"), *inside, layers.Dense(2)])


@pytest.mark.usefixtures("mine")
def test_what_is_read_again_predicts_what_the_model_predicts(tmp_path):
    model = model_with(layers.Dropout(0.5), layers.BatchNormalization())
    model.export(tmp_path / "model", format="memory")
    (outputs,) = load_exported(tmp_path / "model", "memory")["serve"](X)
    np.testing.assert_allclose(outputs, model.predict(X, verbose=0), rtol=1e-5)
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("mine")
def test_an_exporter_gets_the_inputs_names_shapes_and_dtypes_and_the_weights(tmp_path, exporters):
    model = model_with()
    model.export(tmp_path / "model", format="memory", style="bold")
    (request,) = exporters["memory"].requests
    (endpoint,) = request.endpoints
    assert [(x.name, x.shape, x.dtype) for x in endpoint.signature] == [("features", (None, 4), "float32")]
    assert (endpoint.name, endpoint.options) == ("serve", {"style": "bold"})
    assert [v.path for v in request.variables] == [v.path for v in model.variables]
    assert request.resources == (model,)


@pytest.mark.usefixtures("mine")
def test_a_message_is_printed_when_it_is_asked_for(tmp_path, capsys):
    model = model_with()
    model.export(tmp_path / "model", format="memory")
    assert capsys.readouterr().out == ""
    model.export(tmp_path / "model", format="memory", verbose=True)
    printed = capsys.readouterr().out
    assert "serve: features float32[None, 4] → float32[None, 2]" in printed


@pytest.mark.usefixtures("mine")
def test_an_unknown_format_is_refused_with_those_that_can_be_written(tmp_path):
    with pytest.raises(ExportError, match=r"unknown format 'nothing'(.|\n)*memory"):
        model_with().export(tmp_path / "model", format="nothing")


@pytest.mark.usefixtures("mine")
def test_a_missing_package_is_named_with_the_pip_command(tmp_path, exporters):
    exporters["memory"].packages = {"json": "json", "not_there.at_all": "not-there"}
    with pytest.raises(BackendNotInstalledError, match=r"not-there is not installed(.|\n)*pip install not-there$"):
        model_with().export(tmp_path / "model", format="memory")
    assert "memory" not in export_formats()


def test_a_known_format_of_no_installed_backend_names_the_pip_command(tmp_path, monkeypatch):
    monkeypatch.setattr("kmb_core.export.formats.offered_exporters", dict)
    with pytest.raises(ImportError, match=r'pip install "kmb-core\[jax\]"'):
        model_with().export(tmp_path / "model", format="stablehlo")


@pytest.mark.usefixtures("mine")
def test_unknown_options_are_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(ExportError, match=r"unknown options colour(.|\n)*style, tolerance"):
        model_with().export(tmp_path / "model", format="memory", colour="red")


@pytest.mark.usefixtures("mine")
def test_a_model_without_weights_asks_for_a_signature_and_is_built_by_one(tmp_path):
    model = kmb_core.Sequential([layers.Dense(2)])
    with pytest.raises(NotBuiltError, match="input_signature="):
        model.export(tmp_path / "model", format="memory")
    model.export(tmp_path / "model", format="memory", input_signature=[kmb_core.InputSpec(shape=(None, 4))])
    assert model.built
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("mine")
def test_a_layer_that_cannot_be_exported_is_named_and_nothing_is_left(tmp_path, unwritable):
    x = kmb_core.Input((4,))
    inner = kmb_core.Sequential([layers.Dense(3), unwritable(name="odd")], name="inner")
    model = kmb_core.Model(x, layers.Dense(2)(inner(x)))
    with pytest.raises(ExportError, match=r"Unwritable 'inner/odd' cannot be exported(.|\n)*no kernel of this name"):
        model.export(tmp_path / "model", format="memory")
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("mine")
def test_a_failure_leaves_the_earlier_artifact(tmp_path, unwritable):
    model_with().export(tmp_path / "model", format="memory")
    before = (tmp_path / "model").read_text()
    with pytest.raises(ExportError):
        model_with(unwritable()).export(tmp_path / "model", format="memory")
    assert (tmp_path / "model").read_text() == before
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("mine")
def test_other_numbers_than_the_models_are_an_error_unless_they_are_within_the_tolerance(tmp_path, exporters):
    exporters["memory"].changed = lambda array: array + 0.01
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Softmax()])
    with pytest.raises(ExportError, match=r"differs from the model's by 0\.01"):
        model.export(tmp_path / "model", format="memory")
    assert os.listdir(tmp_path) == []
    model.export(tmp_path / "model", format="memory", tolerance=0.02)
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("change", [lambda a: a[:, :1], lambda a: np.where(a == a, np.nan, a)])
def test_another_shape_or_no_number_is_an_error(tmp_path, exporters, change):
    exporters["memory"].changed = change
    with pytest.raises(ExportError, match=r"shape|differs"):
        model_with().export(tmp_path / "model", format="memory")


@pytest.mark.usefixtures("mine")
def test_all_open_sizes_are_tried_with_two_values(tmp_path, exporters):
    tried = []
    made = exporters["memory"].of_arrays
    exporters["memory"].of_arrays = lambda endpoint: lambda x: tried.append(x.shape) or made(endpoint)(x)
    kmb_core.Sequential([kmb_core.Input((None, 4)), layers.Dense(2)]).export(tmp_path / "model", format="memory")
    batches, lengths = ({shape[axis] for shape in tried[1:]} for axis in (0, 1))
    assert (len(batches), len(lengths)) == (2, 2)


@pytest.mark.usefixtures("mine")
def test_of_outputs_that_are_drawn_only_the_shape_is_compared(tmp_path):
    noise = layers.Lambda(lambda x: x + kmb_core.random.normal((4,)))
    kmb_core.Sequential([kmb_core.Input((4,)), noise]).export(tmp_path / "model", format="memory")
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("mine")
def test_exporting_changes_no_variable_of_the_model(tmp_path):
    class Counter(layers.Layer):
        def build(self, input_shape):
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs):
            self.calls.assign(self.calls + 1.0)
            return inputs

    model = model_with(Counter())
    model.export(tmp_path / "model", format="memory")
    assert float(model.layers[0].calls.numpy()) == 0.0


@pytest.mark.usefixtures("mine")
def test_a_folder_with_other_things_in_it_is_not_replaced_and_an_earlier_export_is(tmp_path, exporters):
    exporters["memory"].suffix, exporters["memory"].contents = "", frozenset({"number"})
    target = tmp_path / "model"
    for expected in ("0", "1"):
        model_with().export(target, format="memory")
        assert (target / "number").read_text() == expected
    (target / "thesis.tex").write_text("years of work")
    with pytest.raises(FileAccessError, match=r"among them 'thesis\.tex'"):
        model_with().export(target, format="memory")
    assert (target / "thesis.tex").read_text() == "years of work"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("mine")
def test_a_file_takes_no_folders_place_and_a_folder_no_files(tmp_path, exporters):
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileAccessError, match="it is a folder"):
        model_with().export(tmp_path / "folder", format="memory")
    exporters["memory"].suffix = ""
    (tmp_path / "file").write_text("text")
    with pytest.raises(FileAccessError, match="it is a file"):
        model_with().export(tmp_path / "file", format="memory")
    with pytest.raises(MissingFileError):
        model_with().export(tmp_path / "no" / "folder", format="memory")


@pytest.mark.usefixtures("mine")
def test_a_full_disk_is_reported_as_such(tmp_path, exporters):
    def write(request, path):
        raise OSError(28, "No space left on device")

    exporters["memory"].write = write
    with pytest.raises(FileAccessError, match="No space left on device"):
        model_with().export(tmp_path / "model", format="memory")
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("exporters")
def test_a_model_of_another_backend_is_moved_and_says_so(tmp_path):
    model = model_with(layers.BatchNormalization())
    with pytest.warns(UserWarning, match="does not write 'memory'; the model is moved to mine"):
        model.export(tmp_path / "model", format="memory")
    (outputs,) = load_exported(tmp_path / "model", "memory")["serve"](X)
    np.testing.assert_allclose(outputs, model.predict(X, verbose=0), rtol=1e-5)


@pytest.mark.usefixtures("exporters")
@pytest.mark.filterwarnings("error")
def test_a_model_is_moved_without_a_word_where_that_is_asked_for(tmp_path):
    model_with().export(tmp_path / "model", format="memory", verbose=False)
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("exporters")
def test_a_model_that_cannot_be_moved_says_why(tmp_path):
    with pytest.raises(ExportError, match=r"cannot be moved from backend .* to mine"):
        model_with(layers.Lambda(lambda x: x)).export(tmp_path / "model", format="memory", verbose=False)


def test_reading_what_is_not_there_says_so(tmp_path):
    with pytest.raises(MissingFileError, match="there is no artifact"):
        load_exported(tmp_path / "nothing", "memory")
