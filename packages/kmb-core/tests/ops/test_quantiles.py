"""Quantiles of all methods, of lines with NaN and infinities; shapes are inferred as they come out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
METHODS = ["linear", "lower", "higher", "midpoint", "nearest"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("q", [0.0, 0.3, 1.0, [0.1, 0.5, 0.9]])
def test_quantiles_are_numpys(method, q):
    found = ops.quantile(X, q, (0, -1), method)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), np.quantile(X.astype("float64"), q, (0, -1), method=method), rtol=1e-5, atol=1e-6
    )


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([None, 0, -1, (0, 2), (1,)]), st.booleans(), st.sampled_from([(), (3,)]), st.booleans())
def test_the_inferred_shape_is_the_real_one(axis, keepdims, parts, skip):
    function = ops.nanquantile if skip else ops.quantile
    eager = function(X, np.full(parts, 0.5, "float32"), axis, keepdims=keepdims)
    symbolic = function(KerasTensor(X.shape, "float32"), KerasTensor(parts, "float32"), axis, keepdims=keepdims)
    assert (tuple(eager.shape), dtype_of(eager)) == (symbolic.shape, symbolic.dtype)


def test_nan_spoils_a_line_and_is_passed_over_on_request():
    x = np.array([[1, np.nan, 3], [1, 2, 3], [np.nan, np.nan, np.nan]], "float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.median(x, 1)), [np.nan, 2, np.nan])
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.nanmedian(x, 1)), [2, 2, np.nan])


def test_the_middle_of_infinities_is_infinite():
    assert float(ops.median(np.array([1, np.inf, np.inf, np.inf], "float32"))) == np.inf


def test_integers_are_averaged_as_floatx():
    found = ops.median(ops.convert_to_tensor([1, 2], "int32"))
    assert (float(found), dtype_of(found)) == (1.5, "float32")


def test_another_method_and_nothing_are_refused():
    with pytest.raises(ValueError, match="method"):
        ops.quantile(X, 0.5, method="hazen")
    with pytest.raises(ShapeError, match="no elements"):
        ops.median(np.zeros((2, 0), "float32"), 1)
    with pytest.raises(ShapeError, match="one axis"):
        ops.quantile(X, [[0.5]])
