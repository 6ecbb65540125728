"""Rows of `ops.reduction`."""

import numpy as np

from kmb_core.conformance.row import ANY, FLOATS, NARROW, NUMBERS, Table, apart, fixed, integers, numbers, positive

TABLE = Table()

AXES = ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (-1, 0), "keepdims": True})
SUMS = {"sum": np.sum, "prod": np.prod}
EXTREMES = {"max": np.max, "min": np.min, "amax": np.max, "amin": np.min}
TRUTHS = {"any": np.any, "all": np.all}
AVERAGES = {"mean": np.mean, "var": np.var, "std": np.std}


def logsumexp(x, axis=None, keepdims=False):
    """By the definition: the rows' numbers are small."""
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


for keywords in AXES:
    TABLE.add_all(SUMS, positive(2, 3, 2, high=1.5), dtypes=NARROW, gradients=True, low_tolerance=0.2, **keywords)
    TABLE.add_all(EXTREMES, apart(2, 3, 2), dtypes=NUMBERS, gradients=True, **keywords)
    TABLE.add_all(TRUTHS, fixed([[[0.0, 1.0], [2.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]]), dtypes=ANY, **keywords)
    TABLE.add_all(AVERAGES, apart(2, 3, 2, gap=0.2), dtypes=NUMBERS, gradients=True, **keywords)
    TABLE.add("logsumexp", logsumexp, numbers(2, 3, 2), dtypes=NUMBERS, gradients=True, tolerance=2e-6, **keywords)

TABLE.add_all(SUMS, numbers(2, 0, 3), axis=1, dtypes=ANY)
TABLE.add_all(SUMS, numbers(), dtypes=ANY)
TABLE.add_all(TRUTHS, numbers(2, 0), axis=-1, dtypes=ANY)
TABLE.add_all(EXTREMES, fixed([1.0, np.nan, 3.0]), finite=False)
TABLE.add_all({"max": np.max, "min": np.min}, numbers(2, 0), axis=1, initial=-3.0)
TABLE.add_all({"max": np.max, "min": np.min}, numbers(2, 3), axis=0, initial=0.25, gradients=True)
TABLE.add_all(EXTREMES, numbers())
TABLE.add("prod", np.prod, fixed([1.0, 2.0, 1.5]), dtype="float32", dtypes=NUMBERS)
TABLE.add("logsumexp", lambda x: 1000.0 + np.log(2.0), fixed([1000.0, 1000.0]))
TABLE.add("logsumexp", lambda x: -np.inf, fixed([-np.inf, -np.inf]), finite=False)
TABLE.add("mean", np.mean, fixed([0.0, 1.0, 1.0]), dtypes=("bool",))

PLACES = {"argmax": np.argmax, "argmin": np.argmin}
TABLE.add_all(PLACES, apart(2, 3, 4), dtypes=FLOATS)
TABLE.add_all(PLACES, apart(2, 3, 4), axis=1, dtypes=FLOATS)
TABLE.add_all(PLACES, apart(2, 3, 4), axis=-1, keepdims=True)
TABLE.add_all(PLACES, fixed([[1.0, 3.0, 3.0, 1.0]]), axis=1, dtypes=NUMBERS)
TABLE.add_all(PLACES, fixed([[0.0, 1.0, 1.0, 0.0]]), axis=-1, dtypes=("bool",))

TABLE.add("count_nonzero", np.count_nonzero, fixed([[0.0, 1.0, -2.0], [0.0, 0.0, 3.0]]), dtypes=ANY)
TABLE.add("count_nonzero", np.count_nonzero, fixed([[0.0, 1.0, -2.0], [0.0, 0.0, 3.0]]), axis=1, dtypes=ANY)
TABLE.add("count_nonzero", np.count_nonzero, numbers(2, 0), axis=(0, 1), dtypes=ANY)

TABLE.add("average", np.average, numbers(2, 3), gradients=True, dtypes=NUMBERS)
TABLE.add("average", np.average, numbers(2, 3), axis=1, weights=positive(3), gradients=True)
TABLE.add("average", np.average, numbers(2, 3), axis=-2, weights=positive(2, 3), gradients=True)
TABLE.add("average", np.average, numbers(2, 3), weights=positive(2, 3), gradients=True)

RUNNING = {"cumsum": np.cumsum, "cumprod": np.cumprod}
TABLE.add_all(RUNNING, positive(2, 3, high=1.5), axis=1, dtypes=NUMBERS, gradients=True, low_tolerance=0.1)
TABLE.add_all(RUNNING, positive(2, 3, high=1.5), axis=-2, gradients=True, low_tolerance=0.1)
TABLE.add_all(RUNNING, positive(2, 3, high=1.5), gradients=True, low_tolerance=0.2)
TABLE.add_all(RUNNING, fixed([[0.0, 1.0, 1.0]]), axis=1, dtypes=("bool",))
TABLE.add_all(RUNNING, fixed([1.0, 2.0, 3.0]), dtype="float32", dtypes=NUMBERS)
TABLE.add_all(RUNNING, numbers(2, 0), axis=1)


def argsort(x, axis=-1):
    """Stable, as the op is."""
    return np.argsort(x, axis=axis, kind="stable")


TABLE.add("argsort", argsort, apart(2, 3, 4), dtypes=FLOATS)
TABLE.add("argsort", argsort, apart(2, 3, 4), 1, dtypes=FLOATS)
TABLE.add("argsort", argsort, apart(2, 3), None)
TABLE.add("argsort", argsort, fixed([2.0, 1.0, 2.0, 1.0]), dtypes=NUMBERS)
TABLE.add("argsort", argsort, fixed([2.0, np.nan, 1.0]))
TABLE.add("sort", np.sort, apart(2, 3, 4), dtypes=NUMBERS, gradients=True)
TABLE.add("sort", np.sort, apart(2, 3), 0, gradients=True)
TABLE.add("sort", np.sort, apart(2, 3), None, gradients=True)
TABLE.add("sort", np.sort, fixed([2.0, np.nan, 1.0]), finite=False)
TABLE.add("sort", np.sort, numbers(2, 0))


def top_k(x, k, sorted=True):
    """The last k of the ascending order, turned round."""
    places = np.flip(np.argsort(x, axis=-1), -1)[..., :k]
    return np.take_along_axis(x, places, -1), places


TABLE.add("top_k", top_k, apart(2, 5), 3)
TABLE.add("top_k", top_k, fixed([3.0, 1.0, 2.0]), 3, dtypes=NUMBERS)
TABLE.add("top_k", top_k, apart(2, 5), 0)


def in_top_k(targets, predictions, k):
    """Fewer than k are larger."""
    score = np.take_along_axis(predictions, targets[:, None], -1)
    return np.sum(predictions > score, -1) < k


TABLE.add("in_top_k", in_top_k, integers(6, high=5), apart(6, 5), 2)
TABLE.add("in_top_k", in_top_k, fixed([0, 2], "int32"), fixed([[1.0, 1.0, 1.0], [2.0, 2.0, 1.0]]), 1)
