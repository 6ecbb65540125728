"""Python and C calls of a built layer beyond those of the backend's own functions: no noise touches a count.

Where a framework's `x.dtype` and `x.shape` are Python code of its own, three reads of each are allowed for.
"""

import sys

import numpy as np
import pytest

from kmb_core import layers
from kmb_core.backend import convert_to_tensor, current_backend
from kmb_core.backend.masks import in_use

BUDGET = 20


@pytest.fixture(autouse=True)
def no_masks_yet(monkeypatch):
    """A process that has made a mask looks for one on each input; these budgets are for one that has not."""
    monkeypatch.setattr(in_use, "any", False)


def calls(function, *args, **kwargs):
    """How many function calls one call makes, itself included, once it has run before."""
    function(*args, **kwargs)
    function(*args, **kwargs)
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function(*args, **kwargs)
    finally:
        sys.setprofile(None)
    return count - 1  # switching it off is a call too


def raw(name, *args):
    return calls(current_backend().functions[name], *args)


def tensor(*shape, dtype="float32"):
    return convert_to_tensor(np.ones(shape, dtype))


def dense():
    layer, x = layers.Dense(4, activation="relu"), tensor(2, 3)
    layer(x)
    return calls(layer, x), raw("dense", x, layer.kernel.value, layer.bias.value) + raw("relu", x)


def convolution():
    layer, x = layers.Conv2D(4, 3, padding="same"), tensor(2, 8, 8, 3)
    y = layer(x)
    own = raw("conv", x, layer.kernel.value, (1, 1), "same", "channels_last", (1, 1))
    return calls(layer, x), own + raw("add", y, layer.bias.value)


def max_pooling():
    layer, x = layers.MaxPooling2D(), tensor(2, 8, 8, 3)
    return calls(layer, x), raw("max_pool", x, (2, 2), (2, 2), "valid", "channels_last")


def batch_normalization():
    layer, x = layers.BatchNormalization(), tensor(4, 8, 8, 3)
    layer(x)
    values = [v.value for v in (layer.moving_mean, layer.moving_variance, layer.beta, layer.gamma)]
    return calls(layer, x), raw("batch_normalization", x, *values[:2], 3, *values[2:], 1e-3)


def layer_normalization():
    layer, x = layers.LayerNormalization(), tensor(4, 8)
    layer(x)
    return calls(layer, x), raw("layer_normalization", x, layer.gamma.value, layer.beta.value, -1, 1e-3)


def embedding():
    layer, x = layers.Embedding(5, 4), tensor(2, 3, dtype="int32")
    layer(x)
    return calls(layer, x), raw("embed", layer.embeddings.value, x)


def activation():
    x = tensor(2, 3)
    return calls(layers.Activation("relu"), x), raw("relu", x)


def add():
    x = tensor(2, 3)
    return calls(layers.Add(), [x, x]), raw("add", x, x)


def concatenate():
    x = tensor(2, 3)
    return calls(layers.Concatenate(), [x, x]), raw("concatenate", [x, x], -1)


def flatten():
    x = tensor(2, 3, 4)
    return calls(layers.Flatten(), x), raw("reshape", x, (2, 12))


def dropout():
    return calls(layers.Dropout(0.5), tensor(2, 3)), 0


@pytest.mark.parametrize(
    "measured",
    [
        dense,
        convolution,
        max_pooling,
        batch_normalization,
        layer_normalization,
        embedding,
        activation,
        add,
        concatenate,
        flatten,
        dropout,
    ],
    ids=lambda f: f.__name__,
)
def test_a_call_of_a_built_layer_costs_little_more_than_the_backends_function(measured):
    total, own = measured()
    x = tensor(2, 3)
    reads = calls(lambda: x.dtype) - 1 + calls(lambda: len(x.shape)) - 2
    assert total - own <= BUDGET + 3 * reads
