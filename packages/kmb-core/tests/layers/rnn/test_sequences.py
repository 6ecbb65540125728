"""SimpleRNN, LSTM and GRU against loops in NumPy."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend.masks import get_mask

NAMES = ("SimpleRNN", "LSTM", "GRU")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1]], bool)
CLOSE = {"rtol": 1e-4, "atol": 2e-5}


def made(name, **options):
    return getattr(layers, name)(4, bias_initializer="random_normal", **options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all steps", "masked"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("zeros", [False, True], ids=["repeating", "zeros"])
def test_outputs_and_states_are_those_of_the_loop(name, mask, backwards, zeros, array, numpy, expected):
    x = array(3, 5, 2)
    options = {"go_backwards": backwards, "zero_output_for_mask": zeros}
    layer = made(name, return_sequences=True, return_state=True, **options)
    outputs, *states = layer(x, mask=mask)
    wanted, last = expected(name, x, layer.get_weights(), mask=mask, backwards=backwards, zeros=zeros)
    np.testing.assert_allclose(numpy(outputs), wanted, **CLOSE)
    for got, state in zip(states, last, strict=True):
        np.testing.assert_allclose(numpy(got), state, **CLOSE)
    short = made(name, **options)
    short.build(x.shape)
    short.set_weights(layer.get_weights())
    np.testing.assert_allclose(numpy(short(x, mask=mask)), wanted[:, -1], **CLOSE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [False, True])
def test_the_fused_kernel_and_the_loop_over_the_cell_agree(name, training, array, numpy):
    x = array(3, 5, 2)
    fused = made(name, return_sequences=True)
    wanted = numpy(fused(x, training=training))
    loop = layers.RNN(fused.cell, return_sequences=True)
    unrolled = layers.RNN(fused.cell, return_sequences=True, unroll=True)
    for other in (loop, unrolled):
        np.testing.assert_allclose(numpy(other(x, training=training)), wanted, **CLOSE)


@pytest.mark.parametrize("name", NAMES)
def test_initial_states_are_where_the_first_step_begins(name, array, numpy, expected):
    x, states = array(3, 5, 2), [array(3, 4) for _ in range(2 if name == "LSTM" else 1)]
    layer = made(name)
    got = layer(x, initial_state=states)
    wanted, _ = expected(name, x, layer.get_weights(), states=states)
    np.testing.assert_allclose(numpy(got), wanted[:, -1], **CLOSE)


def test_an_encoders_states_begin_a_decoder_in_a_graph(array, numpy, expected):
    source, target = kmb_core.Input((None, 2)), kmb_core.Input((None, 3))
    encoder, decoder = made("LSTM", return_state=True), made("LSTM", return_sequences=True)
    _, h, c = encoder(source)
    outputs = decoder(target, initial_state=[h, c])
    assert outputs.shape == (None, None, 4)
    model = kmb_core.Model([source, target], outputs)
    x, y = array(3, 5, 2), array(3, 4, 3)
    _, states = expected("LSTM", x, encoder.get_weights())
    wanted, _ = expected("LSTM", y, decoder.get_weights(), states=states)
    np.testing.assert_allclose(numpy(model([x, y])), wanted, **CLOSE)


def test_the_mask_of_an_embedding_reaches_the_layer_and_what_follows(numpy, expected):
    words = np.array([[3, 1, 0, 0], [2, 2, 4, 1]])
    embedding = layers.Embedding(5, 3, mask_zero=True)
    layer = made("GRU", return_sequences=True)
    outputs = layer(embedding(words))
    wanted, _ = expected("GRU", embedding.get_weights()[0][words], layer.get_weights(), mask=words != 0)
    np.testing.assert_allclose(numpy(outputs), wanted, **CLOSE)
    np.testing.assert_array_equal(numpy(get_mask(outputs)), words != 0)


def test_masks_belong_to_sequences_and_not_to_states():
    mask = ops.ones((2, 3), "bool")
    assert layers.LSTM(2).compute_mask(None, mask) is None
    assert layers.LSTM(2, return_sequences=True).compute_mask(None, mask) is not None
    masks = layers.LSTM(2, return_sequences=True, return_state=True).compute_mask(None, mask)
    assert [m is None for m in masks] == [False, True, True]


@pytest.mark.parametrize("name", NAMES)
def test_dropout_of_inputs_is_the_same_for_all_steps(name, array, numpy):
    layer = made(name, dropout=0.5, seed=3)
    layer.build((3, 5, 8))
    drawn = layer.cell.get_dropout_mask(ops.ones((3, 8)))
    layer.cell.reset_dropout_mask()
    assert sorted(set(numpy(drawn).ravel())) == [0.0, 2.0]
    again = made(name, dropout=0.5, seed=3)
    again.build((3, 5, 8))
    again.set_weights(layer.get_weights())
    plain = made(name)
    plain.build((3, 5, 8))
    plain.set_weights(layer.get_weights())
    x = array(3, 5, 8)
    wanted = numpy(plain(x * numpy(drawn)[:, None]))
    np.testing.assert_allclose(numpy(again(x, training=True)), wanted, **CLOSE)
    np.testing.assert_allclose(numpy(again(x)), numpy(plain(x)), **CLOSE)


@pytest.mark.parametrize("name", NAMES)
def test_all_of_the_state_dropped_leaves_the_inputs(name, array, numpy, expected):
    if name == "GRU":  # what is blended is the state itself, dropout or not: one step is all that can be told
        return check_one_step_of_gru(array, numpy, expected)
    layer = made(name, recurrent_dropout=1.0)
    x = array(3, 5, 2)
    got = numpy(layer(x, training=True))
    kernel, recurrent, bias = layer.get_weights()
    wanted, _ = expected(name, x, [kernel, np.zeros_like(recurrent), bias])
    np.testing.assert_allclose(got, wanted[:, -1], **CLOSE)


def check_one_step_of_gru(array, numpy, expected):
    layer, x, state = made("GRU", recurrent_dropout=1.0), array(3, 1, 2), array(3, 4)
    got = numpy(layer(x, initial_state=[state], training=True))
    kernel, recurrent, bias = layer.get_weights()
    wanted, _ = expected("GRU", x, [kernel, np.zeros_like(recurrent), bias], states=[state])
    np.testing.assert_allclose(got, wanted[:, -1], **CLOSE)


def test_a_forget_gate_begins_open():
    layer = layers.LSTM(3)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.get_weights()[2], [0] * 3 + [1] * 3 + [0] * 6)
    closed = layers.LSTM(3, unit_forget_bias=False)
    closed.build((None, None, 2))
    np.testing.assert_array_equal(closed.get_weights()[2], [0] * 12)


def test_regularizers_and_trainable_reach_the_cell():
    layer = layers.LSTM(3, kernel_regularizer="l2", recurrent_regularizer="l1", bias_constraint="non_neg")
    layer.build((None, None, 2))
    assert len(layer.losses) == 2
    assert layer.cell.bias.constraint is not None
    layer.trainable = False
    assert layer.trainable_variables == []
    assert not layer.cell.trainable


@pytest.mark.parametrize("arguments", [{"units": 0}, {"units": 2.5}, {"units": 2, "dropout": "much"}])
def test_what_makes_no_layer_is_refused(arguments):
    for name in NAMES:
        with pytest.raises(ValueError, match=r"units|dropout"):
            getattr(layers, name)(**arguments)


def test_a_wrong_number_of_states_is_refused(array):
    with pytest.raises(kmb_core.errors.ShapeError, match="2 initial states, got 1"):
        layers.LSTM(4)(array(3, 5, 2), initial_state=[array(3, 4)])


def test_inputs_without_steps_are_refused(array):
    with pytest.raises(ValueError, match="3 axes"):
        layers.GRU(4)(array(3, 2))
    with pytest.raises(ValueError, match="at least one step"):
        layers.GRU(4)(array(3, 0, 2))


def test_unrolling_needs_a_known_number_of_steps():
    with pytest.raises(kmb_core.errors.ShapeError, match="number of steps"):
        layers.LSTM(4, unroll=True)(kmb_core.Input((None, 2)))


def test_configs_have_the_keys_of_keras():
    written = set(layers.LSTM(4).get_config())
    assert {"unit_forget_bias", "activity_regularizer", "zero_output_for_mask", "seed"} <= written
    assert not written & {"cell", "use_cudnn", "implementation"}
    assert "seed" not in layers.SimpleRNN(4).get_config()
    assert layers.GRU(4, implementation=1).cell.implementation == 1
