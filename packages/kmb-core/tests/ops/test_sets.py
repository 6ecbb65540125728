"""Distinct elements: against NumPy, of a given size, along axes, of nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor


def values(results):
    return [ops.convert_to_numpy(result).tolist() for result in results]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_elements_places_inverse_and_counts_are_numpys(numbers):
    found = ops.unique(np.array(numbers, "int32"), return_index=True, return_inverse=True, return_counts=True)
    assert values(found) == [part.tolist() for part in np.unique(numbers, True, True, True)]


def test_a_given_size_cuts_off_or_fills_up():
    x = np.array([3, 1, 1, 2], "int32")
    filled = ops.unique(x, size=5, return_index=True, return_inverse=True, return_counts=True)
    assert values(filled) == [[1, 2, 3, 1, 1], [1, 3, 0, 1, 1], [2, 0, 0, 1], [2, 1, 1, 0, 0]]
    assert values([ops.unique(x, size=2), ops.unique(x, size=4, fill_value=-7)]) == [[1, 2], [1, 2, 3, -7]]


def test_rows_and_columns_are_compared_as_wholes():
    x = np.array([[3, 1], [1, 2], [3, 1]], "int32")
    assert values(ops.unique(x, axis=0, return_inverse=True)) == [[[1, 2], [3, 1]], [1, 0, 1]]
    assert values([ops.unique(x, axis=-1)]) == [np.unique(x, axis=1).tolist()]


def test_nan_counts_once_and_of_nothing_there_is_nothing():
    assert ops.unique(np.array([np.nan, 1.0, np.nan], "float32")).shape[0] == 2
    assert ops.unique(np.zeros((0,), "float32")).shape[0] == 0
    assert values([ops.unique(np.zeros((0,), "int32"), size=2, fill_value=4)]) == [[4, 4]]


def test_only_a_given_size_is_known_beforehand():
    x = KerasTensor((4, 2), "int32")
    assert ops.unique(x).shape == (None,)
    found, inverse = ops.unique(x, size=3, axis=0, return_inverse=True)
    assert (found.shape, inverse.shape) == ((3, 2), (4,))
