"""Cases of `layers.rnn`."""

import numpy as np

from kmb_core.conformance.layer_cases.catalogue import Catalogue, new
from kmb_core.conformance.layer_check import Given

CASES = Catalogue()

_H, _C = (np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4) * sign for sign in (1, -1))
# The states of these cases are arrays of two rows: constants, which torch.compile would trace as NumPy's.
_CELL = {"unknown": (), "batch_free": False, "saved": False, "compiled": False}

for _name in ("SimpleRNNCell", "GRUCell"):
    CASES.add(_name, (2, 3), 4, keywords={"states": [_H]}, **_CELL)
    CASES.add(_name, (2, 3), 4, activation="relu", use_bias=False, keywords={"states": [_H]}, **_CELL)
CASES.add("GRUCell", (2, 3), 4, reset_after=False, keywords={"states": [_H]}, **_CELL)
CASES.add("LSTMCell", (2, 3), 4, keywords={"states": [_H, _C]}, **_CELL)
CASES.add("LSTMCell", (2, 3), 4, unit_forget_bias=False, keywords={"states": [_H, _C]}, **_CELL)
_INNER = {"keeps_dtype": True}  # outputs are in the dtype of the layer inside, whose policy is its own
_STACK = [new("LSTMCell", 4), new("GRUCell", 4)]
CASES.add("StackedRNNCells", (2, 3), _STACK, keywords={"states": [[_H, _C], [_H]]}, **_CELL, **_INNER)

for _name in ("SimpleRNN", "LSTM", "GRU"):
    CASES.add(_name, (2, 5, 3), 4, unknown=(0, 1))
    CASES.add(_name, (2, 5, 3), 4, return_sequences=True, return_state=True, go_backwards=True)
    CASES.add(_name, (2, 5, 3), 4, activation="softsign", use_bias=False, unknown=(0, 1))
    CASES.add(_name, (4, 5, 8), 4, dropout=0.5, seed=1, random=True)
    CASES.add(_name, (4, 5, 3), 8, recurrent_dropout=0.5, return_sequences=True, unroll=True, random=True)
    CASES.add(_name, (2, 5, 3), 4, kernel_regularizer="l2", recurrent_constraint="max_norm", bias_initializer="ones")
CASES.add("LSTM", (2, 5, 3), 4, use_cudnn=False, unit_forget_bias=False)
CASES.add("GRU", (2, 5, 3), 4, reset_after=False, return_sequences=True)
CASES.add("LSTM", (2, 5, 3), 4, keywords={"initial_state": [_H, _C]}, unknown=(1,), batch_free=False, saved=False)

CASES.add("RNN", (2, 5, 3), new("GRUCell", 4, recurrent_activation="tanh"), unknown=(0, 1), **_INNER)
CASES.add("RNN", (2, 5, 3), new("SimpleRNNCell", 4), return_sequences=True, return_state=True, unroll=True, **_INNER)
CASES.add("RNN", (2, 5, 3), _STACK, return_sequences=True, return_state=True, go_backwards=True, **_INNER)
CASES.add("RNN", (4, 5, 8), [new("LSTMCell", 8, dropout=0.5), new("SimpleRNNCell", 4)], random=True, **_INNER)

CASES.add("Bidirectional", (2, 5, 3), new("LSTM", 4), unknown=(0, 1), **_INNER)
for _mode in ("sum", "mul", "ave", None):
    CASES.add("Bidirectional", (2, 5, 3), new("GRU", 4, return_sequences=True), merge_mode=_mode, **_INNER)
CASES.add("Bidirectional", (2, 5, 3), new("LSTM", 4, return_sequences=True, return_state=True), **_INNER)
_OTHER = new("SimpleRNN", 4, go_backwards=True)
CASES.add("Bidirectional", (2, 5, 3), new("GRU", 4), merge_mode="sum", backward_layer=_OTHER, **_INNER)
CASES.add("Bidirectional", (2, 5, 3), new("RNN", new("GRUCell", 4, activation="relu")), **_INNER)

CASES.add("TimeDistributed", (2, 5, 3), new("Dense", 4), unknown=(0,), **_INNER)
CASES.add("TimeDistributed", (2, 5, 3), new("Dense", 4), unknown=(1,), **_INNER)
CASES.add("TimeDistributed", (2, 4, 6, 6, 3), new("Conv2D", 4, 3), **_INNER)
CASES.add("TimeDistributed", (2, 4, 5, 3), new("LSTM", 4, return_sequences=True), **_INNER)
CASES.add("TimeDistributed", (8, 3, 6), new("Dropout", 0.5), random=True, **_INNER)
CASES.add("TimeDistributed", Given((2, 3, 4), "int32", 0, 5), new("Embedding", 5, 4), **_INNER)

_IMAGES = {1: (2, 3, 8, 2), 2: (2, 3, 6, 5, 2), 3: (1, 2, 4, 4, 3, 2)}
_FIRST = {1: (2, 3, 2, 8), 2: (2, 3, 2, 6, 5), 3: (1, 2, 2, 4, 4, 3)}
for _rank in (1, 2, 3):
    CASES.add(f"ConvLSTM{_rank}D", _IMAGES[_rank], 4, 3, tolerance=1e-4)
    _SAME = {"padding": "same", "return_sequences": True, "return_state": True, "data_format": "channels_first"}
    CASES.add(f"ConvLSTM{_rank}D", _FIRST[_rank], 3, 2, **_SAME, tolerance=1e-4)
CASES.add("ConvLSTM1D", (2, 3, 8, 2), 4, 3, strides=2, use_bias=False, go_backwards=True, unroll=True, tolerance=1e-4)
CASES.add("ConvLSTM2D", (2, 3, 8, 8, 2), 4, 3, dilation_rate=2, recurrent_activation="hard_sigmoid", tolerance=1e-4)
CASES.add("ConvLSTM2D", (4, 3, 6, 6, 2), 4, 3, dropout=0.5, recurrent_dropout=0.5, random=True)
