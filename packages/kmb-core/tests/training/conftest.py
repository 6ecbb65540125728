"""Training's tests run on whichever backend is current; where it cannot train, each must be refused with the way out.

A test marked `trains` is run on a backend without gradients too: there it has to end with the CapabilityError that
names the backends that train.
"""

import re

import numpy as np
import pytest

import kmb_core
from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError
from kmb_core.plugins import Capability, installed_backends
from kmb_core.plugins.discovery import backend_info


def pytest_configure(config):
    config.addinivalue_line("markers", "trains: takes training steps; refused on backends without gradients")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    if not pyfuncitem.get_closest_marker("trains") or current_backend().supports(Capability.GRADIENTS):
        return (yield)
    try:
        yield
    except Exception as raised:
        # A `pytest.raises(match=…)` in the test stumbles over the words of the refusal.
        error = raised.__context__ if isinstance(raised, AssertionError) else raised
        if not isinstance(error, CapabilityError):
            raise
        check_refusal(str(error))
        return True
    raise AssertionError("a backend without gradients has trained")


def check_refusal(text):
    """What was asked for, what is lacking, and the backends that are installed and can do it."""
    first, *_, last = text.splitlines()
    assert re.fullmatch(r"training '.+': the \w+ backend has no gradients", first)
    able = [name for name in installed_backends() if backend_info(name).supports(Capability.GRADIENTS)]
    assert all(name in last for name in able or ["pip install"])


@pytest.fixture
def data():
    """10 samples of 3 features, and a linear target that the start of `linear` misses."""
    x = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
    return x, (x @ [[1.0], [-2.0], [0.5]] + 0.3).astype("float32")


@pytest.fixture
def linear():
    """Makes a model of one Dense layer whose kernel is ones and whose bias is 0, compiled for plain descent."""

    def make(optimizer="sgd", loss="mse", layer_options=None, **options):
        inputs = kmb_core.Input((3,), name="x")
        layer = kmb_core.layers.Dense(1, kernel_initializer="ones", name="head", **(layer_options or {}))
        model = kmb_core.Model(inputs, layer(inputs), name="linear")
        model.compile(kmb_core.optimizers.SGD(0.1) if optimizer == "sgd" else optimizer, loss, **options)
        return model

    return make


@pytest.fixture
def descent():
    """Kernel and bias of `linear` after steps of plain descent on the mean squared error, in NumPy."""

    def run(batches, rate=0.1):
        kernel, bias = np.ones((3, 1)), np.zeros(1)
        for x, y, *weight in batches:
            error = (x @ kernel + bias - y) * (np.reshape(weight[0], (-1, 1)) if weight else 1.0)
            kernel, bias = kernel - rate * 2 * x.T @ error / len(x), bias - rate * 2 * error.mean(0)
        return kernel, bias

    return run


@pytest.fixture
def assert_weights():
    """Compares a model's weights with arrays."""

    def check(model, expected, rtol=1e-4):
        for own, other in zip(model.get_weights(), expected, strict=True):
            np.testing.assert_allclose(own, other, rtol=rtol, atol=1e-5)

    return check


@pytest.fixture
def pieces():
    """Cuts arrays into batches of rows."""

    def cut(size, *arrays):
        return [tuple(a[i : i + size] for a in arrays) for i in range(0, len(arrays[0]), size)]

    return cut
