"""ConvLSTM against convolutions written out."""

import itertools

import numpy as np
import pytest

import kmb_core
from kmb_core import layers

CLOSE = {"rtol": 1e-3, "atol": 1e-4}


def convolved(x, kernel, strides=1, padding="valid", dilation=1):
    """`x` (batch, *places, channels) with windows of `kernel` (*window, channels, filters)."""
    rank = x.ndim - 2
    window = [(size - 1) * dilation + 1 for size in kernel.shape[:rank]]
    if padding == "same":
        counts = [-(-size // strides) for size in x.shape[1:-1]]
        needed = [
            max(0, (n - 1) * strides + w - size) for n, w, size in zip(counts, window, x.shape[1:-1], strict=True)
        ]
        x = np.pad(x, [(0, 0), *[(n // 2, n - n // 2) for n in needed], (0, 0)])
    counts = [(size - w) // strides + 1 for size, w in zip(x.shape[1:-1], window, strict=True)]
    out = np.zeros((len(x), *counts, kernel.shape[-1]))
    for place in itertools.product(*map(range, counts)):
        at = tuple(slice(p * strides, p * strides + w, dilation) for p, w in zip(place, window, strict=True))
        out[(slice(None), *place)] = np.tensordot(x[(slice(None), *at)], kernel, rank + 1)
    return out


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def looped(x, weights, mask=None, **options):
    """All outputs and the last h and c; `x` is (batch, time, *places, channels)."""
    kernel, recurrent, bias = (w.astype("float64") for w in weights)
    projected = [convolved(x[:, time].astype("float64"), kernel, **options) + bias for time in range(x.shape[1])]
    h = c = np.zeros((*projected[0].shape[:-1], recurrent.shape[-2]))
    outputs = []
    for time, gates in enumerate(projected):
        i, f, g, o = np.split(gates + convolved(h, recurrent, padding="same"), 4, -1)
        after = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        output = sigmoid(o) * np.tanh(after)
        if mask is not None:
            keep = mask[:, time].reshape(-1, *(1,) * (output.ndim - 1))
            before = outputs[-1] if outputs else np.zeros_like(output)
            h, c = np.where(keep, output, h), np.where(keep, after, c)
            outputs.append(np.where(keep, output, before))
        else:
            h, c = output, after
            outputs.append(output)
    return np.stack(outputs, 1), h, c


@pytest.mark.parametrize(
    ("rank", "shape", "options"),
    [
        (1, (2, 3, 8, 2), {}),
        (1, (2, 3, 8, 2), {"padding": "same", "strides": 2}),
        (2, (2, 3, 6, 5, 2), {}),
        (2, (2, 2, 7, 7, 2), {"dilation_rate": 2}),
        (3, (1, 2, 4, 3, 4, 2), {"padding": "same"}),
    ],
)
def test_it_is_long_short_term_memory_with_convolutions(rank, shape, options, array, numpy):
    layer = getattr(layers, f"ConvLSTM{rank}D")(3, 3, return_sequences=True, return_state=True, **options)
    x = array(*shape)
    found = layer(x)
    named = {"dilation" if key == "dilation_rate" else key: value for key, value in options.items()}
    for got, wanted in zip(found, looped(x, layer.get_weights(), **named), strict=True):
        np.testing.assert_allclose(numpy(got), wanted, **CLOSE)
    assert layer.compute_output_shape(shape) == tuple(tuple(y.shape) for y in found)


def test_masked_steps_keep_the_state(array, numpy):
    layer, x = layers.ConvLSTM1D(3, 3, return_sequences=True), array(2, 4, 6, 2)
    layer.build(x.shape)
    mask = np.array([[1, 0, 1, 1], [0, 1, 1, 0]], bool)
    wanted, _, _ = looped(x, layer.get_weights(), mask)
    np.testing.assert_allclose(numpy(layer(x, mask=mask)), wanted, **CLOSE)


def test_channels_may_come_first(array, numpy):
    last, first = layers.ConvLSTM2D(3, 3), layers.ConvLSTM2D(3, 3, data_format="channels_first")
    x = array(2, 3, 6, 5, 2)
    wanted = numpy(last(x))
    turned = np.moveaxis(x, -1, 2)
    first.build(turned.shape)
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(np.moveaxis(numpy(first(turned)), 1, -1), wanted, **CLOSE)


def test_two_halves_are_the_whole_to_a_stateful_layer(array, numpy):
    layer, x = layers.ConvLSTM1D(3, 3, stateful=True), array(2, 4, 6, 2)
    layer(x[:, :2])
    got = numpy(layer(x[:, 2:]))
    layer.reset_state()
    np.testing.assert_allclose(numpy(layer(x)), got, **CLOSE)


def test_arguments_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="padding"):
        layers.ConvLSTM2D(3, 3, padding="causal")
    with pytest.raises(ValueError, match="exclude"):
        layers.ConvLSTM2D(3, 3, strides=2, dilation_rate=2)
    with pytest.raises(kmb_core.errors.ShapeError, match="channels"):
        layers.ConvLSTM1D(3, 3)(kmb_core.Input((4, 6, None)))
