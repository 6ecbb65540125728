"""RNN and StackedRNNCells: any cell, and what a layer remembers."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, saving
from kmb_core.backend import current_backend
from kmb_core.plugins import Capability

CLOSE = {"rtol": 1e-4, "atol": 2e-5}


class Decaying(kmb_core.Layer):
    """A user's cell: the state is halved, and the inputs, which a layer inside makes, are added."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units
        self.inner = layers.Dense(units, use_bias=False)

    def call(self, inputs, states):
        output = self.inner(inputs) + states[0] * 0.5
        return output, [output]


class Counting:
    """A cell that is no layer."""

    state_size = 1

    def call(self, inputs, states):
        return self(inputs, states)

    def __call__(self, inputs, states):
        return states[0] + 1.0, [states[0] + 1.0]


def test_a_cell_of_the_users_is_built_before_the_loop(array, numpy):
    layer, x = layers.RNN(Decaying(3), return_sequences=True), array(2, 4, 5)
    got = numpy(layer(x))
    (kernel,) = layer.get_weights()
    state, wanted = np.zeros((2, 3)), []
    for time in range(4):
        state = x[:, time] @ kernel + 0.5 * state
        wanted.append(state)
    np.testing.assert_allclose(got, np.stack(wanted, 1), **CLOSE)


def test_a_cell_need_not_be_a_layer(array, numpy):
    np.testing.assert_array_equal(numpy(layers.RNN(Counting())(array(2, 6, 5))), [[6.0], [6.0]])


def test_the_config_of_a_layer_holds_its_cell(array, numpy):
    layer, x = layers.RNN(Decaying(3)), array(2, 4, 5)
    wanted = numpy(layer(x))
    again = layers.RNN.from_config(layer.get_config(), custom_objects={"Decaying": Decaying})
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_allclose(numpy(again(x)), wanted, **CLOSE)


def test_stacked_cells_are_layers_one_above_the_other(array, numpy, expected):
    x = array(2, 4, 5)
    layer = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True, return_state=True)
    outputs, lower, upper = layer(x)
    weights = layer.get_weights()
    first, (h, c) = expected("LSTM", x, weights[:3])
    second, (last,) = expected("GRU", first, weights[3:])
    np.testing.assert_allclose(numpy(outputs), second, **CLOSE)
    for got, wanted in zip([*lower, *upper], [h, c, last], strict=True):
        np.testing.assert_allclose(numpy(got), wanted, **CLOSE)


def test_states_of_stacked_cells_may_be_given_flat_or_nested(array, numpy):
    x, states = array(2, 4, 5), [array(2, 4), array(2, 4), array(2, 3)]
    layer = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])
    nested = numpy(layer(x, initial_state=[states[:2], states[2:]]))
    np.testing.assert_array_equal(numpy(layer(x, initial_state=states)), nested)
    assert np.abs(nested - numpy(layer(x))).max() > 1e-3


@pytest.mark.parametrize("cell", [3, None, [3], "lstm"])
def test_what_is_no_cell_is_refused(cell):
    with pytest.raises(TypeError, match="expected"):
        layers.RNN(cell)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_two_halves_of_a_sequence_are_the_whole_to_a_stateful_layer(name, array, numpy, expected):
    layer, x = getattr(layers, name)(4, stateful=True), array(2, 6, 3)
    layer(x[:, :4])
    got = numpy(layer(x[:, 4:]))
    wanted, _ = expected(name, x, layer.get_weights())
    np.testing.assert_allclose(got, wanted[:, -1], **CLOSE)
    layer.reset_state()
    np.testing.assert_allclose(numpy(layer(x)), wanted[:, -1], **CLOSE)
    layer.reset_states()
    assert all(not numpy(state.value).any() for state in layer.states)


def test_what_is_remembered_is_no_weight_but_is_handed_on(array, numpy):
    layer, x = layers.LSTM(4, stateful=True), array(2, 3, 5)
    layer.build(x.shape)
    assert len(layer.weights) == 3
    assert len(layer.variables) == 4
    assert [v.path for v in layer.non_trainable_variables][1:] == ["lstm/rnn_state", "lstm/rnn_state"]
    trainable = [v.value for v in layer.trainable_variables]
    outputs, fixed = layer.stateless_call(trainable, [v.value for v in layer.non_trainable_variables], x)
    np.testing.assert_allclose(numpy(fixed[1]), numpy(outputs), **CLOSE)
    assert not numpy(layer.states[0].value).any()


def test_a_stateful_layer_needs_a_known_batch_size():
    with pytest.raises(kmb_core.errors.ShapeError, match="batch size"):
        layers.GRU(4, stateful=True)(kmb_core.Input((3, 2)))


def test_steps_of_a_model_hand_on_its_states(array, numpy):
    model = kmb_core.Sequential([kmb_core.Input(batch_shape=(2, 3, 2)), layers.SimpleRNN(2, stateful=True)])
    model.compile("sgd", "mse")
    steps = model.fit if current_backend().supports(Capability.GRADIENTS) else model.evaluate
    steps(array(2, 3, 2), np.zeros((2, 2)), batch_size=2, verbose=0)
    assert numpy(model.layers[0].states[0].value).any()


def test_a_model_of_cells_is_saved_and_loaded(tmp_path, array, numpy):
    inputs = kmb_core.Input((None, 3))
    model = kmb_core.Model(inputs, layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])(inputs))
    x = array(2, 4, 3)
    saving.save_model(model, tmp_path / "cells.keras")
    loaded = saving.load_model(tmp_path / "cells.keras")
    np.testing.assert_allclose(numpy(loaded(x)), numpy(model(x)), **CLOSE)
