"""Differences, areas and correlations of sequences, short ones included."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import DTypeError, ShapeError

V = np.random.default_rng(0).normal(size=7).astype("float32")


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(7, 3), (3, 7), (7, 1), (1, 1), (4, 4), (2, 5), (5, 2)])
def test_correlations_are_numpys_whichever_is_longer(n, m, mode):
    found = ops.correlate(V[:n], V[::-1][:m].copy(), mode)
    expected = np.correlate(V[:n], V[::-1][:m], mode)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-5, atol=1e-6)
    assert ops.correlate(KerasTensor((n,)), KerasTensor((m,)), mode).shape == expected.shape


def test_correlations_need_sequences():
    with pytest.raises(ShapeError, match="sequences"):
        ops.correlate(V.reshape(1, 7), V)
    with pytest.raises(ValueError, match="mode"):
        ops.correlate(V, V, "half")


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_differences_run_out(n):
    np.testing.assert_allclose(ops.convert_to_numpy(ops.diff(V, n)), np.diff(V, n), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.diff(V > 0, n)), np.diff(V > 0, n))
    assert ops.diff(KerasTensor((None, 7)), n).shape == (None, max(0, 7 - n))


def test_differences_are_not_taken_backwards_nor_spans_of_booleans():
    with pytest.raises(ValueError, match="negative"):
        ops.diff(V, -1)
    with pytest.raises(DTypeError, match="bool"):
        ops.ptp(V > 0)
