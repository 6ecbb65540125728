"""ONNX: what ONNX Runtime and the reference of the format compute is what the model predicts."""

import pytest

import kmb_core
from kmb_core import layers, tree
from kmb_core.conformance import exported
from kmb_core.conformance.exported import assert_same, attention, convolutions, dicts, inputs_of, mlp
from kmb_core.errors import ExportError
from kmb_core.export import load_exported

pytestmark = pytest.mark.mixed  # the packages of ONNX are in that environment


def recurrence():
    return exported.recurrence(6)  # torch unrolls it


@pytest.mark.parametrize("make", [mlp, convolutions, recurrence, attention, dicts])
def test_onnx_runtime_computes_what_the_model_predicts_for_any_batch(make, tmp_path):
    import onnxruntime

    model = make()
    model.export(tmp_path / "model.onnx", format="onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [x.name for x in session.get_inputs()]
    for batch in (1, 4):
        x = inputs_of(model, batch)
        outputs = session.run(None, dict(zip(names, tree.flatten(x), strict=True)))
        assert_same(outputs, model.predict(x, verbose=0))


def test_inputs_have_the_names_of_the_models(tmp_path):
    import onnx

    dicts().export(tmp_path / "model.onnx", format="onnx", opset_version=18)
    model = onnx.load(str(tmp_path / "model.onnx"))
    onnx.checker.check_model(model)
    assert {x.name for x in model.graph.input} == {"left", "right"}
    assert model.opset_import[0].version == 18


def test_without_the_runtime_the_reference_of_the_format_compares(tmp_path, monkeypatch):
    monkeypatch.setattr("kmb_backend_torch.onnx.find_spec", lambda name: None)
    model = mlp()
    model.export(tmp_path / "model.onnx", format="onnx")
    x = inputs_of(model, 4)
    assert_same(load_exported(tmp_path / "model.onnx", "onnx")["serve"](x), model.predict(x, verbose=0))


def test_what_the_runtime_has_no_kernel_for_is_named(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(8, dtype="bfloat16", name="half")])
    with pytest.raises(ExportError, match=r"Dense '.*half' cannot be exported"):
        model.export(tmp_path / "model.onnx", format="onnx")
