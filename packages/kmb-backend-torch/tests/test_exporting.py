"""Programs of torch.export compute what the model predicts, without this library."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import kmb_core
from kmb_core import layers, tree
from kmb_core.conformance import exported
from kmb_core.conformance.exported import assert_same, attention, convolutions, dicts, inputs_of, lists, mlp
from kmb_core.errors import ExportError
from kmb_core.export import load_exported


def recurrence():
    return exported.recurrence(6)  # torch unrolls it


class TwoArguments(kmb_core.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, x, y, training=False):
        return self.dense(x) + y


def two_arguments():
    model = TwoArguments()
    model(np.ones((2, 4), "float32"), np.ones((2, 3), "float32"))
    return model


@pytest.mark.parametrize("make", [mlp, convolutions, recurrence, attention, dicts, lists])
def test_an_exported_program_computes_what_the_model_predicts_for_any_batch(make, tmp_path):
    model = make()
    model.export(tmp_path / "model.pt2", format="torch")
    program = torch.export.load(str(tmp_path / "model.pt2")).module()
    for batch in (1, 7):
        x = inputs_of(model, batch)
        outputs = program(tree.map_structure(torch.as_tensor, x))
        assert_same(tree.map_structure(lambda t: t.detach().numpy(), outputs), model.predict(x, verbose=0))


def test_a_model_with_two_arguments_takes_two(tmp_path):
    model = two_arguments()
    model.export(tmp_path / "model.pt2", format="torch")
    x, y = torch.randn(5, 4), torch.randn(5, 3)
    program = torch.export.load(str(tmp_path / "model.pt2")).module()
    torch.testing.assert_close(program(x, y), model(x, y))


def test_a_program_needs_nothing_but_torch(tmp_path):
    mlp().export(tmp_path / "model.pt2", format="torch")
    program = (
        "import sys; sys.modules['kmb_core'] = None; import torch;"
        f"print(float(torch.export.load({str(tmp_path / 'model.pt2')!r}).module()(torch.ones(3, 4)).sum()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(3.0, abs=1e-5)  # of three rows of probabilities


def test_a_function_in_an_archive_brings_the_variables_that_it_reads(tmp_path):
    factor = kmb_core.Variable([2.0, 3.0])
    archive = kmb_core.export.ExportArchive()
    archive.format = "torch"
    archive.add_endpoint("serve", lambda x: x * factor, [kmb_core.InputSpec(shape=(None, 2))])
    archive.write_out(tmp_path / "scaled.pt2", verbose=False)
    factor.assign([0.0, 0.0])
    (outputs,) = load_exported(tmp_path / "scaled.pt2", "torch")["serve"](np.ones((1, 2), "float32"))
    np.testing.assert_allclose(outputs, [2.0, 3.0])


def test_lengths_stay_open_where_no_layer_goes_step_by_step(tmp_path):
    inputs = kmb_core.Input((None, 3))
    h = layers.Conv1D(4, 2)(inputs)
    kmb_core.Model(inputs, layers.GlobalMaxPooling1D()(h)).export(tmp_path / "model.pt2", format="torch")
    assert (tmp_path / "model.pt2").exists()
    with pytest.raises(ExportError, match=r"LSTM 'lstm.*' cannot be exported(.|\n)*Fix open sizes"):
        kmb_core.Model(inputs, layers.LSTM(2)(h)).export(tmp_path / "other.pt2", format="torch")


def test_a_layer_that_asks_for_a_value_is_named(tmp_path):
    class Peeking(layers.Layer):
        def call(self, inputs):
            return inputs if float(inputs.sum()) > 0 else -inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(4), Peeking(name="peeking"), layers.Dense(2)])
    with pytest.raises(ExportError, match=r"Peeking '.*peeking' cannot be exported"):
        model.export(tmp_path / "model.pt2", format="torch")
    assert not (tmp_path / "model.pt2").exists()
