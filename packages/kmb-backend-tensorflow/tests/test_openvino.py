"""OpenVINO: what it computes is what the model predicts."""

import pytest

from kmb_core.conformance.exported import assert_same, convolutions, dicts, inputs_of, mlp, recurrence
from kmb_core.export import load_exported

pytestmark = pytest.mark.exports


@pytest.mark.parametrize("make", [mlp, convolutions, recurrence, dicts])
def test_openvino_computes_what_the_model_predicts(make, tmp_path):
    model = make()
    model.export(tmp_path / "model", format="openvino")
    assert {file.name for file in (tmp_path / "model").iterdir()} == {"model.xml", "model.bin"}
    serve = load_exported(tmp_path / "model", "openvino")["serve"]
    x = inputs_of(model, 4)
    given = {"left": x["second"], "right": x["first"]} if make is dicts else {}
    assert_same(serve(**given) if given else serve(x), model.predict(x, verbose=0))
