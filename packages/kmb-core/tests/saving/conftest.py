import numpy as np
import pytest

import kmb_core


@pytest.fixture
def x():
    return np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)


@pytest.fixture
def model():
    layers = kmb_core.layers
    inputs = kmb_core.Input((3,))
    hidden = layers.Dense(4, activation="relu", name="hidden")(inputs)
    return kmb_core.Model(inputs, layers.Dense(2, name="head")(hidden), name="small")


@pytest.fixture
def saved(model, tmp_path):
    """The path of the model's file."""
    path = tmp_path / "model.keras"
    model.save(path)
    return path
