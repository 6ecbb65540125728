"""Keras's recurrent layers, on the same framework, with the same weights."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.ops.rnn import gru, lstm, simple_rnn

pytestmark = pytest.mark.parity

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(3, 6, 4)).astype("float32")
RIGHT = np.arange(6) < np.array([[6], [3], [1]])
HOLES = np.array([[1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 1], [1, 0, 0, 1, 1, 0]], bool)
LAYERS = [("SimpleRNN", simple_rnn, 1, {}), ("LSTM", lstm, 2, {}), ("GRU", gru, 1, {})]
LAYERS += [("GRU", gru, 1, {"reset_after": False})]


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


@pytest.mark.parametrize(("name", "op", "states", "options"), LAYERS)
@pytest.mark.parametrize("mask", [None, RIGHT, HOLES], ids=["no mask", "padded", "holes"])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_outputs_and_states_are_those_of_keras(keras, name, op, states, options, mask, go_backwards):
    layer = getattr(keras.layers, name)(
        5, return_sequences=True, return_state=True, go_backwards=go_backwards, bias_initializer="uniform", **options
    )
    start = [np.zeros((3, 5), "float32") for _ in range(states)]
    theirs = [keras.ops.convert_to_numpy(y) for y in layer(X, mask=mask)]
    weights = [keras.ops.convert_to_numpy(w) for w in layer.weights]
    _, *ours = op(X, *start, *weights, mask, go_backwards=go_backwards, **options)
    for got, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(got), wanted, atol=2e-6)
