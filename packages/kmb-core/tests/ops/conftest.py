"""The ops' tests run on whichever backend is current; `KMB_BACKEND` names it."""

import numpy as np
import pytest

import kmb_core.ops.operators  # noqa: F401 - symbolic tensors get their operators from it
from kmb_core.backend import current_backend


@pytest.fixture
def wide(request: pytest.FixtureRequest):
    """float64 for the test's length, where the backend narrows it by default."""
    with current_backend().implementation.wide_float_scope():
        yield np.float64
