"""StableHLO: what JAX reads again computes what the model predicts, for sizes that were left open."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.conformance.exported import assert_same, attention, convolutions, dicts, inputs_of, recurrence
from kmb_core.errors import ExportError
from kmb_core.export import load_exported


def small():
    return kmb_core.Sequential([kmb_core.Input((4,), name="features"), layers.Dense(2, activation="softmax")])


@pytest.mark.parametrize("make", [convolutions, recurrence, attention, dicts])
def test_what_is_read_again_computes_what_the_model_predicts_for_any_batch(make, tmp_path):
    model = make()
    model.export(tmp_path / "model.stablehlo", format="stablehlo")
    serve = load_exported(tmp_path / "model.stablehlo", "stablehlo")["serve"]
    x = inputs_of(model, 4)
    assert_same(serve(x), model.predict(x, verbose=0))


def test_the_archive_says_what_is_in_it(tmp_path):
    small().export(tmp_path / "model.stablehlo", format="stablehlo")
    with zipfile.ZipFile(tmp_path / "model.stablehlo") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        text = archive.read("serve.mlir").decode()
    endpoint = manifest["endpoints"]["serve"]
    assert endpoint["inputs"] == [{"name": "features", "shape": [None, 4], "dtype": "float32"}]
    assert endpoint["outputs"] == [{"shape": ["batch", "2"], "dtype": "float32"}]
    assert [weight["shape"] for weight in manifest["weights"]] == [[4, 2], [2]]
    assert "stablehlo.dot_general" in text


def test_an_archive_needs_nothing_but_jax(tmp_path):
    small().export(tmp_path / "model.stablehlo", format="stablehlo")
    program = f"""
import sys; sys.modules["kmb_core"] = None
import json, zipfile, jax.export, numpy as np
archive = zipfile.ZipFile({str(tmp_path / "model.stablehlo")!r})
manifest = json.loads(archive.read("manifest.json"))
weights = [np.load(archive.open(w["file"])).view(w["dtype"]) for w in manifest["weights"]]
print(jax.export.deserialize(archive.read("serve.exported")).call(weights, np.ones((3, 4), "float32")).sum())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(3.0, abs=1e-5)  # of three rows of probabilities


def test_endpoints_share_weights_of_any_dtype(tmp_path):
    factor = kmb_core.Variable([2.0, 3.0], dtype="bfloat16", name="factor")
    archive = kmb_core.export.ExportArchive()
    archive.format = "stablehlo"
    signature = [kmb_core.InputSpec(shape=(None, 2), dtype="bfloat16")]
    archive.add_endpoint("scaled", lambda x: x * factor, signature)
    archive.add_endpoint("shifted", lambda x: {"up": x + factor}, signature)
    archive.add_variable_collection("factors", [factor])
    archive.write_out(tmp_path / "archive.stablehlo", verbose=False)
    factor.assign([0.0, 0.0])
    loaded = load_exported(tmp_path / "archive.stablehlo", "stablehlo")
    x = np.ones((1, 2), "float32").astype(kmb_core.ops.convert_to_numpy(factor).dtype)
    np.testing.assert_array_equal(loaded["scaled"](x).astype("float32"), [[2.0, 3.0]])
    np.testing.assert_array_equal(loaded["shifted"](x)["up"].astype("float32"), [[3.0, 4.0]])
    with zipfile.ZipFile(tmp_path / "archive.stablehlo") as opened:
        manifest = json.loads(opened.read("manifest.json"))
    assert (len(manifest["weights"]), manifest["collections"]) == (1, {"factors": [0]})


def test_a_program_for_several_platforms_names_them(tmp_path):
    small().export(tmp_path / "model.stablehlo", format="stablehlo", platforms=["cpu", "cuda"])
    with zipfile.ZipFile(tmp_path / "model.stablehlo") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["endpoints"]["serve"]["platforms"] == ["cpu", "cuda"]


def test_a_layer_that_asks_for_a_value_is_named(tmp_path):
    class Peeking(layers.Layer):
        def call(self, inputs):
            return inputs if float(inputs.sum()) > 0 else -inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    model = kmb_core.Sequential([kmb_core.Input((4,)), Peeking(name="peeking"), layers.Dense(2)])
    with pytest.raises(ExportError, match=r"Peeking '.*peeking' cannot be exported"):
        model.export(tmp_path / "model.stablehlo", format="stablehlo")
    assert not (tmp_path / "model.stablehlo").exists()
