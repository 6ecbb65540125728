"""Bidirectional against two loops in NumPy."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops

CLOSE = {"rtol": 1e-4, "atol": 2e-5}
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool)
JOINED = {
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


def both(expected, layer, x, mask=None):
    weights = layer.get_weights()
    half = len(weights) // 2
    forward, first = expected("LSTM", x, weights[:half], mask=mask, zeros=True)
    backward, second = expected("LSTM", x, weights[half:], mask=mask, backwards=True, zeros=True)
    return forward, backward, [*first, *second]


@pytest.mark.parametrize("mode", JOINED)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all steps", "masked"])
def test_sequences_are_joined_at_the_same_time(mode, mask, array, numpy, expected):
    layer, x = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode=mode), array(2, 4, 3)
    got = numpy(layer(x, mask=mask))
    forward, backward, _ = both(expected, layer, x, mask)
    np.testing.assert_allclose(got, JOINED[mode](forward, backward[:, ::-1]), **CLOSE)


def test_last_outputs_are_those_at_both_ends(array, numpy, expected):
    layer, x = layers.Bidirectional(layers.LSTM(4)), array(2, 4, 3)
    got = numpy(layer(x))
    forward, backward, _ = both(expected, layer, x)
    np.testing.assert_allclose(got, JOINED["concat"](forward[:, -1], backward[:, -1]), **CLOSE)


def test_without_a_mode_both_outputs_come_back_and_states_follow(array, numpy, expected):
    layer, x = layers.Bidirectional(layers.LSTM(4, return_state=True), merge_mode=None), array(2, 4, 3)
    found = layer(x)
    forward, backward, states = both(expected, layer, x)
    for got, wanted in zip(found, [forward[:, -1], backward[:, -1], *states], strict=True):
        np.testing.assert_allclose(numpy(got), wanted, **CLOSE)
    assert layer.compute_output_shape(x.shape) == ((2, 4),) * 6


def test_initial_states_go_half_to_each(array, numpy):
    layer, x = layers.Bidirectional(layers.GRU(4)), array(2, 4, 3)
    one, other = array(2, 4), array(2, 4)
    got = numpy(layer(x, initial_state=[one, other]))
    forward = layer.forward_layer(x, initial_state=[one])
    backward = layer.backward_layer(x, initial_state=[other])
    np.testing.assert_allclose(got, JOINED["concat"](numpy(forward), numpy(backward)), **CLOSE)


def test_layers_are_named_after_their_direction_once():
    layer = layers.Bidirectional(layers.LSTM(4, name="reader"))
    again = layers.Bidirectional.from_config(layer.get_config())
    for made in (layer, again):
        assert (made.forward_layer.name, made.backward_layer.name) == ("forward_reader", "backward_reader")
        assert (made.forward_layer.go_backwards, made.backward_layer.go_backwards) == (False, True)


def test_the_layer_that_was_passed_is_no_part_of_it(array):
    layer = layers.Bidirectional(layers.LSTM(4))
    layer(array(2, 4, 3))
    assert [v.path for v in layer.weights] == [
        f"bidirectional/{direction}_lstm/lstm_cell/{name}"
        for direction in ("forward", "backward")
        for name in ("kernel", "recurrent_kernel", "bias")
    ]
    assert len(layer.variables) == 8


def test_weights_can_be_given_to_begin_with(array, numpy):
    layer, x = layers.Bidirectional(layers.GRU(4)), array(2, 4, 3)
    wanted = numpy(layer(x))
    other = layers.Bidirectional(layers.GRU(4), weights=layer.get_weights())
    np.testing.assert_allclose(numpy(other(x)), wanted, **CLOSE)


def test_states_are_remembered_and_reset(array, numpy):
    layer, x = layers.Bidirectional(layers.GRU(4, stateful=True)), array(2, 4, 3)
    first = numpy(layer(x))
    assert len(layer.states) == 2
    assert np.abs(numpy(layer(x)) - first).max() > 1e-4
    layer.reset_state()
    np.testing.assert_allclose(numpy(layer(x)), first, **CLOSE)
    with pytest.raises(ValueError, match="no state"):
        layers.Bidirectional(layers.GRU(4)).reset_states()


def test_masks_follow_the_outputs():
    mask = ops.ones((2, 3), "bool")
    assert layers.Bidirectional(layers.GRU(4)).compute_mask(None, mask) is None
    assert layers.Bidirectional(layers.GRU(4, return_sequences=True)).compute_mask(None, mask) is not None
    pair = layers.Bidirectional(layers.GRU(4, return_sequences=True, return_state=True), merge_mode=None)
    assert [m is None for m in pair.compute_mask(None, mask)] == [False, False, True, True]


def test_layers_that_do_not_go_together_are_refused():
    lstm = layers.LSTM(4)
    with pytest.raises(ValueError, match="merge_mode"):
        layers.Bidirectional(lstm, merge_mode="both")
    with pytest.raises(ValueError, match="go_backwards"):
        layers.Bidirectional(lstm, backward_layer=layers.LSTM(4))
    with pytest.raises(ValueError, match="return_sequences"):
        layers.Bidirectional(lstm, backward_layer=layers.LSTM(4, go_backwards=True, return_sequences=True))
    with pytest.raises(ValueError, match="recurrent layer"):
        layers.Bidirectional(layers.Dense(4))


def test_it_stands_in_a_model_of_unknown_length(array, numpy):
    inputs = kmb_core.Input((None, 3))
    model = kmb_core.Model(inputs, layers.Bidirectional(layers.LSTM(4, return_sequences=True))(inputs))
    assert model.output_shape == (None, None, 8)
    x = array(2, 5, 3)
    np.testing.assert_allclose(numpy(model(x)), numpy(model.layers[1](x)), **CLOSE)
