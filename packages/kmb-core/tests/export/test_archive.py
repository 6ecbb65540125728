"""ExportArchive: several endpoints, what they may be called, and what they are made of."""

import os

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import ExportError, StructureError
from kmb_core.export import ExportArchive, load_exported

X = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
SIGNATURE = [kmb_core.InputSpec(shape=(None, 4), dtype="float32")]


@pytest.fixture
def model(mine):
    return kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(2)])


@pytest.fixture
def archive(mine):
    archive = ExportArchive()
    archive.format = "memory"
    return archive


def test_every_endpoint_is_there_again_and_computes_the_same(archive, model, tmp_path, capsys):
    archive.track(model)
    archive.add_endpoint("doubled", lambda x: 2.0 * model(x), SIGNATURE)
    archive.add_endpoint("called", model.call, SIGNATURE)
    archive.track_and_add_endpoint("plain", model, None)
    archive.write_out(tmp_path / "archive")
    loaded = load_exported(tmp_path / "archive", "memory")
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(loaded["doubled"](X)[0], 2 * expected, rtol=1e-5)
    np.testing.assert_allclose(loaded["called"](X)[0], expected, rtol=1e-5)
    np.testing.assert_allclose(loaded["plain"](X)[0], expected, rtol=1e-5)
    assert "doubled: " in capsys.readouterr().out


def test_writing_can_be_quiet(archive, model, tmp_path, capsys):
    archive.track_and_add_endpoint("plain", model, SIGNATURE)
    archive.write_out(tmp_path / "archive", verbose=False)
    assert capsys.readouterr().out == ""


def test_an_endpoint_that_is_added_can_be_called(archive, model):
    doubled = archive.add_endpoint("doubled", lambda x: 2.0 * model(x), SIGNATURE)
    with kmb_core.use_backend("mine"):
        x = kmb_core.ops.convert_to_tensor(X)
        outputs = kmb_core.ops.convert_to_numpy(doubled(x))
    np.testing.assert_allclose(outputs, 2 * model.predict(X, verbose=0), rtol=1e-5)


def test_variables_that_an_endpoint_reads_are_found_without_tracking(archive, exporters, tmp_path):
    factor, unused = kmb_core.Variable(3.0, name="factor"), kmb_core.Variable(1.0)
    archive.add_endpoint("scaled", lambda x: x * factor, SIGNATURE)
    archive.add_variable_collection("extra", {unused})
    archive.write_out(tmp_path / "archive", options="some", verbose=False)
    (request,) = exporters["memory"].requests
    assert {id(v) for v in request.variables} == {id(factor), id(unused)}
    assert request.collections == {"extra": (unused,)}
    assert request.options == "some"


@pytest.mark.parametrize("name", ["plain", "two words", "_hidden", "", 3])
def test_a_name_that_is_taken_or_no_identifier_is_refused(archive, model, name):
    archive.track_and_add_endpoint("plain", model, SIGNATURE)
    with pytest.raises(ExportError, match=r"taken|identifier"):
        archive.add_endpoint(name, model.call, SIGNATURE)
    with pytest.raises(ExportError, match=r"taken|identifier"):
        archive.add_variable_collection(name, model.variables)


def test_a_collection_holds_variables_only(archive, model):
    with pytest.raises(ExportError, match="expected a list of variables"):
        archive.add_variable_collection("arrays", model.get_weights())


def test_a_function_without_a_signature_is_refused(archive):
    with pytest.raises(StructureError, match="nothing says what the function takes"):
        archive.add_endpoint("doubled", lambda x: 2 * x)


def test_an_archive_without_endpoints_is_not_written(archive, model, tmp_path):
    archive.track(model)
    with pytest.raises(ExportError, match="there is no endpoint"):
        archive.write_out(tmp_path / "archive")
    assert os.listdir(tmp_path) == []


def test_formats_for_one_endpoint_and_for_no_collections_say_so(archive, model, exporters, tmp_path):
    archive.track_and_add_endpoint("one", model, SIGNATURE)
    archive.add_variable_collection("extra", model.variables)
    exporters["memory"].collects_variables = False
    with pytest.raises(ExportError, match="no collections of variables"):
        archive.write_out(tmp_path / "archive")
    exporters["memory"].several_endpoints = False
    archive.track_and_add_endpoint("two", model, SIGNATURE)
    with pytest.raises(ExportError, match="the format holds one endpoint, got one, two"):
        archive.write_out(tmp_path / "archive")


def test_layers_of_two_backends_do_not_go_into_one_archive(archive, model):
    with kmb_core.use_backend(kmb_core.plugins.load_backend(_real())):
        other = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(2)])
    archive.track(model)
    with pytest.raises(ExportError, match="not mine"):
        archive.track(other)


def test_functions_of_another_backend_than_the_formats_are_not_moved(exporters, tmp_path):
    archive = ExportArchive()
    archive.format = "memory"
    archive.add_endpoint("doubled", lambda x: 2 * x, SIGNATURE)
    with pytest.raises(ExportError, match="cannot be written from functions of backend"):
        archive.write_out(tmp_path / "archive")


def test_a_function_that_does_not_run_on_its_signature_says_so(archive, tmp_path):
    archive.add_endpoint("wrong", lambda x: kmb_core.ops.matmul(x, x), SIGNATURE)
    with pytest.raises(ExportError, match="'wrong' does not run on inputs like its signature"):
        archive.write_out(tmp_path / "archive")


def _real():
    return next(name for name in kmb_core.plugins.installed_backends() if name != "mine")
