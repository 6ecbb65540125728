"""Windows over a series beside the definition written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core import ops
from kmb_core.utils import timeseries_dataset_from_array

SERIES = np.arange(20) * 3


def windows(dataset):
    found = [tuple(np.asarray(part) for part in (e if isinstance(e, tuple) else (e,))) for e in dataset]
    return [np.concatenate(parts).tolist() for parts in zip(*found, strict=True)]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(0, 6), st.integers(12, 20))
def test_windows_begin_at_each_stride_and_stay_inside(length, stride, rate, first, end):
    options = {"sequence_stride": stride, "sampling_rate": rate, "start_index": first, "end_index": end}
    dataset = timeseries_dataset_from_array(SERIES, None, length, batch_size=3, **options)
    wanted = [
        SERIES[start : start + length * rate : rate].tolist()
        for start in range(first, end, stride)
        if start + (length - 1) * rate < end
    ]
    assert windows(dataset) == ([wanted] if wanted else [])


def test_targets_belong_to_the_windows_first_step():
    x, y = windows(timeseries_dataset_from_array(SERIES, SERIES * 10, 3, start_index=2, shuffle=True, seed=1))
    assert [row[0] * 10 for row in x] == y
    assert sorted(y)[0] == SERIES[2] * 10


def test_targets_that_end_early_end_the_windows():
    _, y = windows(timeseries_dataset_from_array(SERIES[:-2], SERIES[2:8], 2))
    assert y == SERIES[2:8].tolist()


def test_steps_may_be_vectors_and_tensors():
    dataset = timeseries_dataset_from_array(ops.ones((6, 2)), None, 3, batch_size=None)
    assert [np.asarray(x).shape for x in dataset] == [(3, 2)] * 4


def test_lists_are_series():
    assert windows(timeseries_dataset_from_array([1.0, 2.0, 3.0], [5, 6], 2)) == [[[1.0, 2.0], [2.0, 3.0]], [5, 6]]


@pytest.mark.parametrize(
    "options",
    [
        {"sequence_length": 0},
        {"sequence_stride": 20},
        {"sampling_rate": 0},
        {"start_index": -1},
        {"start_index": 20},
        {"start_index": 5, "end_index": 5},
        {"end_index": 21},
        {"format": "csv"},
        {"batch_size": 0},
    ],
)
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options)) if len(options) == 1 else "end_index"):
        timeseries_dataset_from_array(SERIES, None, **{"sequence_length": 3, **options})
