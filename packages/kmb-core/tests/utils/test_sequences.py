"""pad_sequences beside the definition written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core.errors import DTypeError, ShapeError
from kmb_core.preprocessing import sequence
from kmb_core.utils import pad_sequences

ROWS = st.lists(st.lists(st.integers(-9, 9), max_size=6), max_size=5)


def padded(row, length, padding, truncating, value):
    kept = row if len(row) <= length else (row[len(row) - length :] if truncating == "pre" else row[:length])
    filling = [value] * (length - len(kept))
    return filling + kept if padding == "pre" else kept + filling


@settings(deadline=None)
@given(ROWS, st.none() | st.integers(0, 7), st.sampled_from(["pre", "post"]), st.sampled_from(["pre", "post"]))
def test_rows_are_cut_and_filled_on_the_chosen_sides(rows, maxlen, padding, truncating):
    length = max(map(len, rows), default=0) if maxlen is None else maxlen
    got = pad_sequences(rows, maxlen, padding=padding, truncating=truncating, value=-1)
    assert got.dtype == "int32"
    assert got.shape == (len(rows), length)
    assert got.tolist() == [padded(row, length, padding, truncating, -1) for row in rows]


def test_steps_may_be_vectors():
    got = pad_sequences([[[1, 2]], [], [[3, 4], [5, 6]]])
    assert got.tolist() == [[[0, 0], [1, 2]], [[0, 0], [0, 0]], [[3, 4], [5, 6]]]


def test_texts_of_any_length_are_kept():
    rows = [["a"], ["bcd", "ef"]]
    assert pad_sequences(rows, dtype="object", value="").tolist() == [["", "a"], ["bcd", "ef"]]
    assert pad_sequences(rows, dtype="str", value="").tolist() == [["", "a"], ["bcd", "ef"]]


def test_arrays_and_other_sized_iterables_are_rows():
    assert pad_sequences(np.arange(6).reshape(2, 3), maxlen=2).tolist() == [[1, 2], [4, 5]]
    assert pad_sequences([range(3), dict.fromkeys([7])], padding="post").tolist() == [[0, 1, 2], [7, 0, 0]]


@pytest.mark.parametrize("rows", [[1, 2], 3, iter([[1]]), "text"])
def test_what_holds_no_sequences_is_refused(rows):
    with pytest.raises(ValueError, match="list of sequences"):
        pad_sequences(rows)


def test_wrong_options_and_unequal_steps_are_refused():
    with pytest.raises(ValueError, match="padding is 'pre' or 'post'"):
        pad_sequences([[1]], padding="left")
    with pytest.raises(ValueError, match="truncating is 'pre' or 'post'"):
        pad_sequences([[1]], truncating="left")
    with pytest.raises(ValueError, match="from 0"):
        pad_sequences([[1]], maxlen=-1)
    with pytest.raises(DTypeError, match="object"):
        pad_sequences([["a"]], value="")
    with pytest.raises(ShapeError, match="sequence 1 have shape"):
        pad_sequences([[[1, 2]], [[3]]])


def test_the_old_name_is_the_same_function():
    assert sequence.pad_sequences is pad_sequences
