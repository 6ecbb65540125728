"""Rows of `ops.rnn`: loops over time in NumPy, one sample after the other."""

import numpy as np

from kmb_core import ops
from kmb_core.conformance.row import Table, booleans, fixed, numbers

TABLE = Table()

SMOOTH = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.15}
MASK = fixed([[True, True, False, True, False], [False, False, True, True, True]], "bool")
EMPTY = fixed([[False, True, False], [False, False, False]], "bool")


def repeated(step, inputs, states, mask=None, go_backwards=False, unroll=False, zero=False, return_all=True):
    """Outputs of `step(x, states)` for each sample and time."""
    rows, finals = [], []
    for i, sample in enumerate(inputs):
        state, outputs = [s[i] for s in states], []
        times = range(len(sample))
        for t in reversed(times) if go_backwards else times:
            output, new = step(sample[t], state)
            keeps = mask is None or mask[i, t]
            previous = outputs[-1] if outputs and not zero else np.zeros_like(output)
            outputs.append(output if keeps else previous)
            state = new if keeps else state
        rows.append(outputs if return_all else outputs[-1:])
        finals.append(state)
    outputs = np.array(rows)
    return (outputs[:, -1], outputs, *(np.array(column) for column in zip(*finals, strict=True)))


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def simple_rnn(inputs, h, kernel, recurrent, bias=None, mask=None, **settings):
    """One tanh for each step."""

    def step(x, state):
        new = np.tanh(x @ kernel + state[0] @ recurrent + (0 if bias is None else bias))
        return new, [new]

    return repeated(step, inputs, [h], mask, **renamed(settings))


def lstm(inputs, h, c, kernel, recurrent, bias=None, mask=None, **settings):
    """Gates i, f, g, o."""

    def step(x, state):
        i, f, g, o = np.split(x @ kernel + state[0] @ recurrent + (0 if bias is None else bias), 4)
        cell = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
        new = sigmoid(o) * np.tanh(cell)
        return new, [new, cell]

    return repeated(step, inputs, [h, c], mask, **renamed(settings))


def gru(inputs, h, kernel, recurrent, bias=None, mask=None, reset_after=True, **settings):
    """Gates z, r, n; the reset gate after the product or before it."""
    of_inputs, of_state = bias if bias is not None and reset_after else (0 if bias is None else bias, 0)

    def step(x, state):
        h = state[0]
        xz, xr, xn = np.split(x @ kernel + of_inputs, 3)
        hz, hr, hn = np.split(h @ recurrent + of_state, 3)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        n = np.tanh(xn + (r * hn if reset_after else (r * h) @ recurrent[:, 2 * len(h) :]))
        new = z * h + (1 - z) * n
        return new, [new]

    return repeated(step, inputs, [h], mask, **renamed(settings))


def renamed(settings):
    """The op's keywords as `repeated` has them."""
    names = {"zero_output_for_mask": "zero", "return_all_outputs": "return_all"}
    return {names.get(name, name): value for name, value in settings.items()}


def add_layer(op, oracle, gates, states, biases=None, **options):
    """Rows of a layer with 3 features and 2 units."""
    wide = 2 * gates
    bias = (wide,) if biases is None else (biases, wide)
    weights = (numbers(3, wide), numbers(2, wide))

    def add(batch, time, *more, **settings):
        tensors = (numbers(batch, time, 3), *(numbers(batch, 2) for _ in range(states)), *weights, *more)
        TABLE.add(op, oracle, *tensors, unknown_batch=1, **SMOOTH, **options, **settings)

    add(2, 4, numbers(*bias))
    add(1, 1)
    add(2, 3, numbers(*bias), go_backwards=True, return_all_outputs=False)
    add(2, 5, numbers(*bias), MASK)
    add(2, 5, None, MASK, go_backwards=True)
    add(2, 5, numbers(*bias), MASK, zero_output_for_mask=True, return_all_outputs=False)
    add(2, 3, numbers(*bias), EMPTY)
    add(2, 3, numbers(*bias), booleans(2, 3), unroll=True)


add_layer("simple_rnn", simple_rnn, 1, 1)
add_layer("lstm", lstm, 4, 2)
add_layer("gru", gru, 3, 1, 2)
add_layer("gru", gru, 3, 1, reset_after=False)


def decayed(x, states):
    """A step that any backend can take, with two states."""
    new = ops.tanh(x) + ops.multiply(states[0], 0.5)
    return ops.multiply(new, 2.0), [new, states[1] + x]


def decayed_numpy(x, states):
    """The same in NumPy."""
    new = np.tanh(x) + states[0] * 0.5
    return new * 2.0, [new, states[1] + x]


def generic(step, inputs, states, mask=None, time_major=False, **settings):
    """`rnn` of the step above, its states as a list of their own."""
    inputs = inputs.swapaxes(0, 1) if time_major else inputs
    mask = mask.T if time_major and mask is not None else mask
    last, outputs, *final = repeated(decayed_numpy, inputs, states, mask, **renamed(settings))
    return last, outputs.swapaxes(0, 1) if time_major else outputs, *final


PAIR = [numbers(2, 3), numbers(2, 3)]
GENERIC = ("rnn", generic, decayed)
TABLE.add(*GENERIC, numbers(2, 4, 3), PAIR, **SMOOTH)
TABLE.add(*GENERIC, numbers(2, 5, 3), PAIR, MASK, **SMOOTH)
TABLE.add(*GENERIC, numbers(2, 5, 3), PAIR, MASK, go_backwards=True, zero_output_for_mask=True, **SMOOTH)
TABLE.add(*GENERIC, numbers(2, 3, 3), PAIR, EMPTY, go_backwards=True, return_all_outputs=False, **SMOOTH)
TABLE.add(*GENERIC, numbers(3, 2, 3), PAIR, time_major=True, unknown_batch=0, **SMOOTH)
TABLE.add(*GENERIC, numbers(5, 2, 3), PAIR, fixed(np.ones((5, 2)), "bool"), time_major=True, unknown_batch=0, **SMOOTH)
TABLE.add(*GENERIC, numbers(2, 3, 3), PAIR, unroll=True, **SMOOTH)
WIDE_PAIR = [numbers(2, 3, 2), numbers(2, 3, 2)]
TABLE.add(*GENERIC, numbers(2, 1, 3, 2), WIDE_PAIR, fixed([[True], [False]], "bool"), **SMOOTH)
