"""The recurrent layers written out as loops in NumPy."""

import numpy as np
import pytest


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_step(x, states, kernel, recurrent, bias):
    h = np.tanh(x @ kernel + bias + states[0] @ recurrent)
    return h, [h]


def lstm_step(x, states, kernel, recurrent, bias):
    i, f, g, o = np.split(x @ kernel + bias + states[0] @ recurrent, 4, -1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]


def gru_step(x, states, kernel, recurrent, bias):
    (zx, rx, nx) = np.split(x @ kernel + bias[0], 3, -1)
    (zh, rh, nh) = np.split(states[0] @ recurrent + bias[1], 3, -1)
    z, r = sigmoid(zx + zh), sigmoid(rx + rh)
    h = z * states[0] + (1 - z) * np.tanh(nx + r * nh)
    return h, [h]


STEPS = {"SimpleRNN": (simple_step, 1), "LSTM": (lstm_step, 2), "GRU": (gru_step, 1)}


def over_time(step, x, states, weights, mask=None, backwards=False, zeros=False):
    """The outputs in the order they are made in, and the last states."""
    outputs = []
    for time in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        output, new = step(x[:, time], states, *weights)
        if mask is not None:
            keep = mask[:, time, None]
            before = outputs[-1] if outputs and not zeros else np.zeros_like(output)
            output = np.where(keep, output, before)
            new = [np.where(keep, a, b) for a, b in zip(new, states, strict=True)]
        states = new
        outputs.append(output)
    return np.stack(outputs, 1), states


@pytest.fixture
def expected():
    """`expected(name, x, weights, ...)`: what a layer of that name gives, starting from zeros or from `states`."""

    def run(name, x, weights, states=None, **options):
        step, count = STEPS[name]
        units = weights[1].shape[0]
        states = [np.zeros((len(x), units))] * count if states is None else states
        return over_time(step, x.astype("float64"), states, [w.astype("float64") for w in weights], **options)

    return run
