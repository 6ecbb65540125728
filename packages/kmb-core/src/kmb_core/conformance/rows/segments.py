"""Rows of `ops.segments`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, apart, fixed, integers, numbers, positive

TABLE = Table()

SOME = {"unknown_batch": 0, "gradients": True, "low_tolerance": 0.1}


def bounds(dtype):
    """The least and the largest value; the oracle has floats as float64."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    if dtype.kind == "b":
        return False, True
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def segments(join, start):
    """An oracle: one element after the other; `start` says what an empty segment holds."""

    def oracle(data, ids, num_segments=None, sorted=False):
        count = int(ids.max(initial=-1)) + 1 if num_segments is None else num_segments
        result = np.full((count, *data.shape[ids.ndim :]), start(data.dtype), data.dtype)
        for place in np.ndindex(ids.shape):
            if 0 <= ids[place] < count:
                result[ids[place]] = join(result[ids[place]], data[place])
        return result

    return oracle


ORACLES = {
    "segment_sum": segments(np.add, lambda dtype: 0),
    "segment_prod": segments(np.multiply, lambda dtype: 1),
    "segment_max": segments(np.maximum, lambda dtype: bounds(dtype)[0]),
    "segment_min": segments(np.minimum, lambda dtype: bounds(dtype)[1]),
}
FULL = {**SOME, "dtypes": (*ANY, "int8", "uint8")}
TABLE.add_all(ORACLES, apart(5), fixed([2, 0, 1, 0, 2], "int32"), 3, **FULL)
TABLE.add_all(ORACLES, apart(4, 2), fixed([0, 0, 1, 1], "int32"), 2, sorted=True, **SOME)
# Out of range, and a segment of one; empty ones hold infinities, which no gradient can be weighed with.
TABLE.add_all(ORACLES, apart(6), fixed([1, -1, 0, 7, 1, 3], "int32"), 2, **SOME)
TABLE.add_all(ORACLES, apart(5), fixed([-4, -1, 0, 0, 9], "int32"), 1, sorted=True, **SOME)
EMPTY = {"dtypes": (*ANY, "int8", "uint8"), "unknown_batch": 0, "finite": False}
TABLE.add_all(ORACLES, apart(4), fixed([4, 0, 0, 4], "int32"), 6, **EMPTY)
TABLE.add_all(ORACLES, apart(0, 3), integers(0), 2, dtypes=NUMBERS, unknown_batch=0, finite=False)
TABLE.add_all(ORACLES, apart(3, 0), fixed([0, 1, 1], "int32"), 2, unknown_batch=0)
TABLE.add_all(ORACLES, apart(2, 3, 2), fixed([[1, 0, 1], [0, 2, 5]], "int32"), 3, **SOME)
TABLE.add_all(ORACLES, apart(3), fixed([1, 0, 1], "int8"), 2, **SOME)
TABLE.add_all(ORACLES, apart(3), fixed([0, 1, 0], "int32"), compiled=False, unknown_batch=0)
TABLE.add_all(ORACLES, apart(3), fixed([0, 1, 0], "int32"), 0, unknown_batch=0)
TABLE.add("segment_prod", ORACLES["segment_prod"], positive(200), integers(200), 4, dtypes=("float64",))
ZEROS = fixed([0.0, 2.0, 0.0, 0.0, 3.0])
TABLE.add("segment_prod", ORACLES["segment_prod"], ZEROS, fixed([0, 0, 1, 1, 1], "int32"), 2, **SOME)
TABLE.add("segment_sum", ORACLES["segment_sum"], numbers(300), integers(300), 4)
