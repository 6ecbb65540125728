"""LiteRT: what its interpreter computes is what the model predicts."""

import numpy as np
import pytest
import tensorflow as tf

import kmb_core
from kmb_core import layers
from kmb_core.conformance.exported import assert_same, attention, convolutions, dicts, inputs_of, mlp
from kmb_core.errors import ExportError
from kmb_core.export import load_exported


@pytest.mark.parametrize("make", [mlp, convolutions, attention, dicts])
def test_the_interpreter_computes_what_the_model_predicts_for_any_batch(make, tmp_path):
    model = make()
    model.export(tmp_path / "model.tflite", format="litert", enable_select_tf_ops=False)
    serve = load_exported(tmp_path / "model.tflite", "litert")["serve"]
    for batch in (1, 4):
        x = inputs_of(model, batch)
        given = {"left": x["second"], "right": x["first"]} if make is dicts else {}
        assert_same(serve(**given) if given else serve(x), model.predict(x, verbose=0))


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_the_file_has_a_signature_for_each_endpoint(tmp_path):
    model = mlp()
    archive = kmb_core.export.ExportArchive()
    archive.format = "litert"
    archive.track_and_add_endpoint("plain", model, None)
    archive.add_endpoint("doubled", lambda x: 2.0 * model(x), [kmb_core.InputSpec(shape=(None, 4), name="x")])
    archive.write_out(tmp_path / "model.tflite", verbose=False)
    interpreter = tf.lite.Interpreter(str(tmp_path / "model.tflite"))
    assert set(interpreter.get_signature_list()) == {"plain", "doubled"}
    x = inputs_of(model, 2)
    doubled = interpreter.get_signature_runner("doubled")(x=x)["output_0"]
    np.testing.assert_allclose(doubled, 2 * model.predict(x, verbose=0), rtol=1e-4)


def test_a_sequence_of_states_needs_a_batch_of_known_size(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((6, 3)), layers.LSTM(4, return_sequences=True)])
    with pytest.raises(ExportError, match=r"LSTM '.*lstm.*' cannot be exported"):
        model.export(tmp_path / "model.tflite", format="litert", enable_select_tf_ops=False)
    signature = [kmb_core.InputSpec(shape=(1, 6, 3))]
    model.export(tmp_path / "model.tflite", format="litert", input_signature=signature, enable_select_tf_ops=False)
    x = inputs_of(model, 1)
    assert_same(load_exported(tmp_path / "model.tflite", "litert")["serve"](x), model.predict(x, verbose=0))


def test_quantized_weights_differ_by_more_than_is_allowed_unless_it_is_said(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((64,)), layers.Dense(64), layers.Dense(2)])
    options = {"format": "litert", "optimizations": [tf.lite.Optimize.DEFAULT]}
    with pytest.raises(ExportError, match="differs from the model's"):
        model.export(tmp_path / "model.tflite", **options)
    model.export(tmp_path / "model.tflite", **options, tolerance=0.1)
    assert (tmp_path / "model.tflite").stat().st_size < 10_000
