"""`compare_backends` names the first layer that computes something else, and by how much."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.comparison.differences import compare_backends

pytestmark = pytest.mark.mixed

X = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
OTHERS = sorted(set(kmb_core.plugins.installed_backends()) - {"torch"})


@kmb_core.saving.register_keras_serializable("compared")
class Odd(layers.Layer):
    """Adds something on one backend only."""

    def __init__(self, where, **options):
        super().__init__(**options)
        self.where = where

    def call(self, x):
        if self._backend.name == self.where == "jax":
            raise ZeroDivisionError("broken there")
        return x + 0.5 if self._backend.name == self.where else x


def recurrent(where):
    inputs = kmb_core.Input((6, 4))
    hidden = layers.GRU(5, return_sequences=True, name="gru")(inputs)
    hidden = layers.Dropout(0.5)(layers.LayerNormalization()(hidden * 2.0))
    hidden = layers.Dense(3, activation="gelu", name="after")(Odd(where, name="odd")(hidden))
    return kmb_core.Model(inputs, ops.mean(hidden, axis=1), name="recurrent")


@pytest.fixture
def on_torch():
    with kmb_core.use_backend("torch"):
        yield


def test_backends_that_agree_agree_in_every_layer(on_torch):
    found = compare_backends(recurrent(None), X)
    assert found.agrees
    assert (found.reference, found.backends) == ("torch", OTHERS)
    assert all(set(row.on) == set(OTHERS) for row in found.layers)
    assert {"GRU", "multiply", "Odd", "Dense", "mean"} <= {row.kind for row in found.layers}


def test_the_first_layer_that_differs_is_named_with_the_size_of_the_difference(on_torch):
    found = compare_backends(recurrent("tensorflow"), ops.convert_to_tensor(X))
    assert not found.agrees
    assert found.first.layer == "odd"
    assert found.first.on["tensorflow"].largest == pytest.approx(0.5, rel=1e-4)
    assert not found.first.on["numpy"].differs
    shown = str(found)
    assert "The first to differ is 'odd' (Odd), by 5.0e-01 on tensorflow." in shown
    assert "float32[3, 6, 5]" in shown


def test_a_backend_that_cannot_run_the_model_is_listed_with_its_error(on_torch):
    found = compare_backends(recurrent("jax"), X, backends=["jax", "numpy"])
    assert "ZeroDivisionError: broken there" in found.errors["jax"]
    assert not found.agrees
    assert found.first is None
    assert "ZeroDivisionError: broken there" in str(found).replace("\n", " ")
