"""Searching: falling limits, empty sets, rows of counts, limits of histograms; what is refused."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import CapabilityError, DTypeError, ShapeError

A = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "uint16", "int32", "uint32", "float16", "bfloat16"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_places_are_found_in_every_dtype(side, dtype):
    found = ops.searchsorted(ops.convert_to_tensor([0, 1], dtype), ops.convert_to_tensor([[0, 1], [1, 1]], dtype), side)
    assert dtype_of(found) == "int32"
    assert ops.convert_to_numpy(found).tolist() == np.searchsorted([0, 1], [[0, 1], [1, 1]], side).tolist()


def test_a_sorted_sequence_has_one_axis():
    with pytest.raises(ShapeError, match="one axis"):
        ops.searchsorted(ops.ones((2, 2)), ops.ones((2,)))
    with pytest.raises(ValueError, match="side"):
        ops.searchsorted(ops.ones((2,)), ops.ones((2,)), "middle")


def test_limits_may_fall():
    limits = np.sort(A[0])[::-1].copy()
    x = np.concatenate([A[1], limits])
    assert ops.convert_to_numpy(ops.digitize(x, limits)).tolist() == np.digitize(x, limits).tolist()


@pytest.mark.parametrize("invert", [False, True])
def test_nothing_is_in_an_empty_set_and_nan_in_none(invert):
    assert ops.convert_to_numpy(ops.isin(A, np.zeros(0, "float32"), invert=invert)).all() == invert
    nan = np.array([np.nan], "float32")
    assert bool(ops.isin(nan, nan, invert=invert)[0]) == invert


def test_rows_are_counted_each_on_its_own():
    counts = ops.bincount(np.array([[1, 2, 2], [0, 0, 1]], "int32"), minlength=4)
    assert ops.convert_to_numpy(counts).tolist() == [[0, 1, 2, 0], [2, 1, 0, 0]]
    weighed = ops.bincount(np.array([1, 2, 2], "int32"), weights=np.array([0.5, 1, 2], "float32"))
    assert (ops.convert_to_numpy(weighed).tolist(), dtype_of(weighed)) == ([0.0, 0.5, 3.0], "float32")
    assert tuple(ops.bincount(np.zeros((2, 0), "int32"), minlength=3).shape) == (2, 3)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="negative"):
        ops.bincount(np.array([-1, 2], "int32"))
    with pytest.raises(DTypeError, match="integers"):
        ops.bincount(np.array([1.0], "float32"))
    with pytest.raises(CapabilityError, match="sparse"):
        ops.bincount(np.array([1], "int32"), sparse=True)


@pytest.mark.parametrize("given", [A, np.array([2, 2], "float32"), np.zeros(0, "float32"), np.arange(5)])
def test_histograms_are_numpys(given):
    counts, limits = ops.histogram(given, 4)
    expected = np.histogram(given, 4)
    np.testing.assert_array_equal(ops.convert_to_numpy(counts), expected[0])
    np.testing.assert_allclose(ops.convert_to_numpy(limits), expected[1], rtol=1e-6)


def test_histograms_have_a_number_of_bins_and_rising_limits():
    with pytest.raises(TypeError, match="integer"):
        ops.histogram(A, [0.0, 1.0])
    with pytest.raises(ValueError, match="range"):
        ops.histogram(A, 2, (1, 0))


def test_places_that_are_not_zero_have_an_unknown_count_in_a_graph():
    assert [place.shape for place in ops.nonzero(KerasTensor((2, 3)))] == [(None,), (None,)]
    assert [ops.convert_to_numpy(p).tolist() for p in ops.nonzero(np.array([[1, 0], [2, 3]]))] == [[0, 1, 1], [0, 0, 1]]


def test_a_choice_needs_a_condition():
    with pytest.raises(ValueError, match="choices"):
        ops.select([ops.ones((2,), "bool")], [])
