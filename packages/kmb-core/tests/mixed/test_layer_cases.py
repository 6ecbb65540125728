"""A layer with the same seed and weights computes the same numbers on every backend."""

import numpy as np
import pytest

from kmb_core.backend import current_backend, use_backend
from kmb_core.conformance.checks import assert_close
from kmb_core.conformance.layer_cases import CASES

pytestmark = pytest.mark.mixed
BACKENDS = ("jax", "torch", "tensorflow")


def given_here(dtype):
    """What the backend makes of a dtype: JAX has 32 bits for 64, unless it is told otherwise."""
    return current_backend().to_numpy(current_backend().convert(np.zeros(1), str(dtype))).dtype


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_layer_gives_the_same_everywhere(case):
    with use_backend("numpy"):
        layer = case.built()
        weights, expected = layer.get_weights(), case.outputs(layer)
    for name in BACKENDS:
        with use_backend(name):
            other = case.built()
            other.set_weights(weights)
            for got, wanted in zip(case.outputs(other), expected, strict=True):
                assert got.dtype == given_here(wanted.dtype), name
                assert_close(np.asarray(got), wanted, case.tolerance)
