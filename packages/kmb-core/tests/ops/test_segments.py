"""Segments and places: against NumPy element by element, numbers out of range, empty segments, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import DTypeError, ShapeError

JOIN = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}
OPS = {name: getattr(ops, f"segment_{name}") for name in JOIN}


def array(x):
    return ops.convert_to_numpy(x)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-2, 5)), min_size=1, max_size=12), st.sampled_from(list(JOIN))
)
def test_each_segment_is_numpys_reduction_of_what_it_marks(pairs, name):
    data, ids = np.array(pairs, "int32").T
    found = array(OPS[name](data, ids, 4))
    for segment in range(4):
        members = data[ids == segment]
        if members.size:
            assert found[segment] == JOIN[name].reduce(members)


def test_segments_without_an_element_hold_what_changes_nothing():
    data, ids = np.ones(1, "float32"), np.array([1], "int32")
    assert [float(OPS[name](data, ids, 2)[0]) for name in JOIN] == [0.0, 1.0, -np.inf, np.inf]
    small = data.astype("int8")
    assert [int(OPS[name](small, ids, 2)[0]) for name in JOIN] == [0, 1, -128, 127]


def test_booleans_are_joined_by_or_and_and():
    data, ids = np.array([True, False, False, True]), np.array([0, 0, 1, 2], "int32")
    found = {name: array(OPS[name](data, ids, 4)).tolist() for name in JOIN}
    assert found["sum"] == found["max"] == [True, False, True, False]
    assert found["prod"] == found["min"] == [False, False, True, True]


def test_the_number_of_segments_is_read_from_the_values():
    assert array(ops.segment_sum([1, 2, 3], [4, 0, 4])).tolist() == [2, 0, 0, 0, 4]
    assert ops.segment_sum(np.zeros((0, 2), "float32"), np.zeros((0,), "int32")).shape == (0, 2)
    assert ops.segment_max([1.0, 2.0], [-3, -1]).shape == (0,)


def test_narrow_numbers_may_mark_more_segments_than_they_can_count():
    found = array(ops.segment_sum(np.ones(2, "float32"), np.array([127, -128], "int8"), 300))
    assert found.shape == (300,)
    assert np.flatnonzero(found).tolist() == [127]


def test_marks_of_two_axes_mark_elements_of_rows():
    data = np.arange(12, dtype="float32").reshape(2, 3, 2)
    ids = np.array([[0, 1, 0], [1, 1, 9]], "int32")
    np.testing.assert_array_equal(array(ops.segment_sum(data, ids, 2)), [[4, 6], [16, 19]])


def test_only_a_given_number_of_segments_is_known_beforehand():
    data, ids = KerasTensor((None, 3)), KerasTensor((None,), "int32")
    assert ops.segment_sum(data, ids).shape == (None, 3)
    assert ops.segment_max(data, ids, 4).shape == (4, 3)
    assert ops.scatter(KerasTensor((None, 1), "int32"), KerasTensor((None, 2)), (5, 2)).shape == (5, 2)


WRONG = {
    "marks that do not fit": (ShapeError, lambda: ops.segment_sum(np.ones(4), np.array([0, 1]), 2)),
    "more marks than data": (ShapeError, lambda: ops.segment_min(np.ones(2), np.zeros((2, 1), "int32"), 2)),
    "fewer than no segments": (ShapeError, lambda: ops.segment_prod(np.ones(1), np.array([0]), -1)),
    "numbers that are no integers": (DTypeError, lambda: ops.segment_max(np.ones(2), np.ones(2), 2)),
    "complex numbers have no order": (
        DTypeError,
        lambda: ops.segment_max(np.ones(2, "complex64"), np.array([0, 1]), 2),
    ),
    "values that do not fit": (ShapeError, lambda: ops.scatter(np.array([[0]]), np.ones((2, 2)), (3, 2))),
    "places of too many axes": (ShapeError, lambda: ops.scatter(np.array([[0, 0]]), np.ones(1), (3,))),
}


@pytest.mark.parametrize(("error", "call"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_refused(error, call):
    with pytest.raises(error, match=r"^ops\."):
        call()


def test_scatter_adds_up_what_falls_on_one_place():
    found = ops.scatter([[0, 1], [1, 1], [0, 1]], [1.0, 2.0, 4.0], (2, 2))
    assert array(found).tolist() == [[0.0, 5.0], [0.0, 2.0]]
    assert str(array(ops.scatter([[0]], np.ones(1, "int8"), (2,))).dtype) == "int8"


@pytest.mark.parametrize("reduction", [None, "add", "max", "min", "mul"])
def test_updates_out_of_range_are_left_out_whatever_joins_them(reduction):
    x = np.array([2.0, 3.0], "float32")
    found = ops.scatter_update(x, [[2], [-3], [100]], [9.0, -9.0, 0.5], reduction)
    assert array(found).tolist() == [2.0, 3.0]


def test_a_place_out_of_range_on_one_axis_does_not_wrap_onto_another():
    found = ops.scatter_update(np.zeros((2, 3), "float32"), [[0, 3], [1, -4], [-1, -1]], [1.0, 2.0, 3.0])
    assert array(found).tolist() == [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]


def test_blocks_at_known_places_have_to_lie_in_the_tensor():
    x = np.arange(4.0, dtype="float32")
    for start, size in ((3, 2), (-1, 1), (5, -1)):
        with pytest.raises(ShapeError, match=r"^ops\.slice"):
            ops.slice(x, [start], [size])
    for start in (3, -1):
        with pytest.raises(ShapeError, match=r"^ops\.slice_update"):
            ops.slice_update(x, [start], np.ones(2, "float32"))


@pytest.mark.parametrize(("start", "moved"), [(-5, 0), (1, 1), (3, 2), (9, 2)])
def test_a_block_at_a_tensors_place_is_moved_inside(start, moved):
    x, place = np.arange(4.0, dtype="float32"), ops.convert_to_tensor([start], "int32")
    assert array(ops.slice(x, place, [2])).tolist() == x[moved : moved + 2].tolist()
    expected = x.copy()
    expected[moved : moved + 2] = 7.0
    assert array(ops.slice_update(x, place, np.full(2, 7.0, "float32"))).tolist() == expected.tolist()
