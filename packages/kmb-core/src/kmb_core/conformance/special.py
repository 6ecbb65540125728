"""NaN, infinities and zeros of both signs among an op's inputs: the same comes of them on each backend.

The inputs are those of the op's rows with one element of one floating tensor replaced. Compared with the row's oracle
is where NaN is, where an infinity is and of which sign, integers and booleans exactly, and the finite rest. What the
libraries cannot agree on stands here, with the reason: `python -m kmb_core.conformance.special` writes the page.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.conformance.checks import Called, assert_close
from kmb_core.conformance.rows import ROWS
from kmb_core.dtypes import is_float

VALUES = {"NaN": np.nan, "inf": np.inf, "-inf": -np.inf, "0": 0.0, "-0": -0.0}
INFINITE = ("inf", "-inf")
ENDLESS = ("NaN", *INFINITE)
EVERY = tuple(VALUES)
LARGEST = float(np.finfo("float32").max)


ELIMINATED = "pivots are found by comparisons, and what is not a number carried on, in an order that is each library's"
ITERATED = "an iteration on what is not finite ends nowhere: libraries raise, give NaN, or do not come back"
SUMMED = "sums and transforms meet infinities in an order that is each library's, and opposite ones are NaN"
PADDED = "whether an element is multiplied by the zeros of padding, of which NaN comes, is the kernel's choice"
CONVERTED = "NaN and what lies outside have no integer: the conversion is the processor's"
INTERPOLATED = "a weight of zero times what is not finite is NaN: whether it is multiplied is the kernel's choice"
FORMULA = "the oracle is a formula for finite numbers"
SPLIT = "real and imaginary parts: NumPy spreads NaN over both, the transforms keep them apart"

# Values that are not compared with the oracle, by the ops, and why.
EXEMPTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("cholesky cholesky_inverse eigh", EVERY, "one triangle is read and the other taken to mirror it"),
    ("solve", INFINITE, ELIMINATED),
    ("solve_triangular", EVERY, ELIMINATED),
    ("inv lu_factor det slogdet logdet", ENDLESS, ELIMINATED),
    ("svd pinv eig lstsq matrix_rank qr norm", ENDLESS, ITERATED),
    ("irfft istft correlate", ENDLESS, SUMMED),
    ("einsum moments normalize_batch rfft stft", INFINITE, SUMMED),
    ("conv conv_transpose depthwise_conv separable_conv sobel_edges", ENDLESS, PADDED),
    ("array cast converted full_like saturate_cast", ENDLESS, CONVERTED),
    ("resize gaussian_blur elastic_transform map_coordinates affine_transform", ENDLESS, INTERPOLATED),
    ("scale_and_translate perspective_transform", EVERY, INTERPOLATED),
    ("lstm", ENDLESS, "masked steps saturate the gates of fused kernels, which infinite weights undo"),
    ("dot_product_attention", ENDLESS, "fused kernels take a row without a greatest score for one that is masked out"),
    ("softmax", ("NaN", "inf"), "the greatest element is found by comparisons, from which kernels leave out NaN"),
    ("top_k", ("NaN",), "kernels order NaN before all numbers or after them"),
    ("max_pool scatter_update", ("NaN",), "the greatest is found by comparisons, from which kernels leave out NaN"),
    ("searchsorted digitize", EVERY, "what is searched has to be sorted, and with one of these in it it is not"),
    ("histogram", ENDLESS, "there is no range of bins from or to what is not finite"),
    ("gelu", INFINITE, "zero times infinity where a kernel multiplies by the distribution function"),
    ("binary_crossentropy", INFINITE, "differences of infinities, which formulas for finite numbers do not take"),
    ("ctc_loss ctc_decode", ENDLESS, "the likeliest is found by comparisons, from which NaN drops out"),
    ("linspace logspace geomspace", ENDLESS, "infinite bounds have no steps between them"),
    ("quantile nanquantile percentile nanpercentile median nanmedian nanstd nanvar", INFINITE, FORMULA),
    ("erfinv nextafter log_softmax sparsemax sparse_categorical_crossentropy while_loop", INFINITE, FORMULA),
    ("nan_to_num hsv_to_rgb rgb_to_hsv associative_scan normalize average_pool", ENDLESS, FORMULA),
    ("fft fft2 ifft2 view_as_complex", ENDLESS, SPLIT),
)
FREE = {op: values for ops, values, _ in EXEMPTIONS for op in ops.split()}


@dataclass(frozen=True)
class Special:
    """A call and what is special in it."""

    what: str
    call: Called


def calls_of(op: str) -> list[Called]:
    """The rows in float32 whose oracle computes something of the inputs, and does not hold an answer ready."""
    plain = [row.oracle is not None and row.needs is None and "float32" in row.dtypes for row in ROWS[op]]
    rows = [(seed, row) for seed, row in enumerate(ROWS[op]) if plain[seed]]
    calls = [Called(op, row, "float32", row.sample("float32", seed)) for seed, row in rows]
    return [call for call in calls if not call.arrays or _depends(call)]


def _depends(call: Called) -> bool:
    moved = [_moved(array) if is_float(str(array.dtype)) else array for array in call.arrays]
    try:
        pairs = zip(call.expected(), replace(call, arrays=moved).expected(), strict=True)
        return not all(np.array_equal(one, other, equal_nan=one.dtype.kind == "f") for one, other in pairs)
    except Exception:  # of these inputs NumPy makes nothing
        return True


def _moved(array: np.ndarray) -> np.ndarray:
    """Other numbers of the same sign and about the same size, in another order."""
    return array.ravel()[::-1].reshape(array.shape) * 0.75 + 0.125


def specials(call: Called, values: dict[str, float]) -> Iterator[Special]:
    """The call with one element of one floating tensor replaced, by each of the values."""
    for place, array in enumerate(call.arrays):
        if is_float(str(array.dtype)) and array.size:
            index = np.random.default_rng(place).integers(array.size)
            for name, value in values.items():
                changed = array.copy()
                changed.flat[index] = value
                arrays = [changed if i == place else other for i, other in enumerate(call.arrays)]
                where = tuple(map(int, np.unravel_index(index, array.shape)))
                yield Special(f"{name} at {list(where)} of tensor {place}", replace(call, arrays=arrays))


def values_of(op: str) -> dict[str, float]:
    """The values that an op is proved with."""
    return {name: value for name, value in VALUES.items() if name not in FREE.get(op, ())}


def check(special: Special) -> None:
    """What the backend gives is what the oracle gives."""
    call = special.call
    try:
        with np.errstate(all="ignore"):
            expected = call.expected()
    except Exception:  # NumPy itself refuses these values
        return
    got = [current_backend().to_numpy(output) for output in call.run(call.tensors())]
    assert len(got) == len(expected), f"{special.what}: {len(got)} outputs, expected {len(expected)}"
    for ours, wanted in zip(got, expected, strict=True):
        try:
            compare(ours, wanted, 4 * call.row.tolerance)
        except AssertionError as error:
            raise AssertionError(f"{special.what}: {error}") from None


def compare(got: np.ndarray, expected: Any, tolerance: float) -> None:
    """NaN and infinities at the same places, the rest within the tolerance."""
    expected = np.asarray(expected)
    if is_float(str(got.dtype)):
        with np.errstate(over="ignore"):
            expected = np.where(np.abs(expected) > LARGEST, np.sign(expected) * np.inf, expected)
    assert_close(got, expected, tolerance)


def page() -> Iterator[str]:
    """The lines of docs/op_special_values.md."""
    yield "# NaN, infinities and zeros among the inputs of ops"
    yield ""
    yield "Written by `python -m kmb_core.conformance.special > docs/op_special_values.md`. In each op's conformance"
    yield f"rows one element is replaced, by each of {', '.join(VALUES)}. The outputs have NaN and infinities where the"
    yield "oracle has them, on every backend. Not held to this are:"
    yield ""
    yield "| ops | with | because |"
    yield "|---|---|---|"
    for ops, values, reason in EXEMPTIONS:
        yield f"| {', '.join(f'`{op}`' for op in ops.split())} | {', '.join(values)} | {reason} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join([*page(), ""]))
