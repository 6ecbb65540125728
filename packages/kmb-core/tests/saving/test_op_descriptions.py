"""Each op is described in a file as Keras describes it, and made again from that description."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kmb_core

SCRIPT = Path(__file__).with_name("op_calls.py")
SPEC = importlib.util.spec_from_file_location("op_calls", SCRIPT)
op_calls = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(op_calls)


@pytest.fixture(scope="module")
def ours():
    return op_calls.all_described(kmb_core)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    path = tmp_path_factory.mktemp("ops") / "keras.json"
    environment = {**os.environ, "KERAS_BACKEND": kmb_core.config.backend()}
    command = [sys.executable, str(SCRIPT), str(path)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads(path.read_text())


@pytest.mark.parametrize("call", op_calls.ALL)
def test_a_described_op_is_made_again(ours, call):
    assert isinstance(ours[call], dict), ours[call]
    model = op_calls.model_of(kmb_core, call)
    again = kmb_core.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config()["layers"] == model.get_config()["layers"]
    assert kmb_core.tree.map_structure(lambda t: (t.shape, t.dtype), again.outputs) == kmb_core.tree.map_structure(
        lambda t: (t.shape, t.dtype), model.outputs
    )


def value_for(tensor):
    """Numbers that every op here takes."""
    count = int(np.prod(tensor.shape))
    values = np.arange(count).reshape(tensor.shape)
    return (values % 4 if tensor.dtype == "int32" else values / count * 0.8 + 0.1).astype(tensor.dtype)


@pytest.mark.parametrize("call", op_calls.ALL)
def test_a_model_that_was_made_again_computes_the_same(call):
    model = op_calls.model_of(kmb_core, call)
    again = kmb_core.Model.from_config(json.loads(json.dumps(model.get_config())))
    values = [value_for(tensor) for tensor in model.inputs]
    scope = {tensor._history[0].name: value for tensor, value in zip(model.inputs, values, strict=True)}
    direct = op_calls.computed(kmb_core, call, scope)
    for found in (model(values), again(values)):
        for a, b in zip(kmb_core.tree.flatten(found), kmb_core.tree.flatten(direct), strict=True):
            a, b = (np.asarray(kmb_core.ops.convert_to_numpy(x)) for x in (a, b))
            np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("call", op_calls.ALL)
def test_an_op_is_described_as_keras_describes_it(ours, theirs, call):
    expected = theirs[call]
    assert isinstance(expected, dict), expected
    if call.startswith("one_hot"):  # Keras notes the default dtype; here None stands for it
        expected["config"]["dtype"] = None
    assert ours[call] == expected
