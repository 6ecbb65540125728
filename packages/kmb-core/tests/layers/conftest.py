"""The layers' tests run on whichever backend is current; `KMB_BACKEND` names it."""

import numpy as np
import pytest

import kmb_core
from kmb_core.backend import reset_names


@pytest.fixture(autouse=True)
def fresh_names():
    """Automatic names start from the beginning in each test."""
    reset_names()


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def array(random):
    """Random float32 arrays of a shape."""
    return lambda *shape: random.normal(size=shape).astype("float32")


@pytest.fixture
def numpy():
    """What a tensor holds, as float64 or as it is."""
    return lambda x: np.asarray(kmb_core.ops.convert_to_numpy(x))
