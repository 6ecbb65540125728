"""How exact ops are in float32, and why where that is less than 1e-6: `python -m kmb_core.conformance.tolerances`.

A tolerance stands in the rows; it is relative to the larger of 1 and the expected value. Unit roundoff is 6e-8, so 1e-6
is a rounding or two of each of several steps. What is wider has a reason, which stands here for a family of ops.
"""

import sys
from collections.abc import Iterator

from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS

USUAL = 1e-6

REASONS = {
    "ops.functions": "float32 polynomials of the frameworks, and libraries for vectors, are some roundings off",
    "ops.special_functions": "made of several elementary functions, each some roundings off",
    "ops.arithmetic": "a power is an exponential of a logarithm, which multiplies its error",
    "ops.products": "sums of products in an order that differs between libraries, and fused multiplications",
    "ops.norms": "sums of squares in an order that differs between libraries",
    "ops.matrices": "sums and products of all elements in an order that differs between libraries",
    "ops.reduction": "an exponential and a logarithm around a sum",
    "ops.nan_reduction": "sums and products in an order that differs between libraries",
    "ops.quantiles": "interpolation: the place between two elements is itself rounded",
    "ops.differences": "sums of products in an order that differs between libraries",
    "ops.grids": "a power of the interpolated exponent, whose rounding is multiplied by the logarithm of the value",
    "ops.decompositions": "elimination and iterations carry each rounding on, times the matrix's condition number",
    "ops.solving": "elimination carries each rounding on, times the matrix's condition number",
    "ops.distances": "sums of squares in an order that differs between libraries",
    "ops.nn.activations": "made of exponentials, which are some roundings off",
    "ops.nn.convolution": "sums over a window and all channels, in an order that differs between libraries",
    "ops.nn.transposed_convolution": "sums over a window and all channels, in an order that differs between libraries",
    "ops.nn.adaptive_pooling": "sums over a window in an order that differs between libraries",
    "ops.nn.attention": "two products of matrices around a softmax",
    "ops.nn.ctc": "logarithms of sums of exponentials, one after the other over all steps",
    "ops.nn.loss": "logarithms of clipped probabilities and of sums of exponentials",
    "ops.nn.normalization": "a difference from the mean divided by the root of a mean of squares",
    "ops.nn.projection": "sums of products in an order that differs between libraries",
    "ops.rnn": "one step after the other carries each rounding on",
    "ops.image.resizing": "interpolation: places and weights are themselves rounded",
    "ops.image.transforms": "interpolation: places and weights are themselves rounded",
    "ops.image.sampling": "interpolation: places and weights are themselves rounded",
    "ops.nn.image_quality": "a logarithm of a mean of squares",
    "ops.image.similarity": "differences of sums over windows, of nearly the same size",
    "ops.image.filters": "sums over a window in an order that differs between libraries",
}
SINGLE = {
    "round": "with decimals it multiplies and divides by a power of ten, which is rounded",
    "binary_crossentropy": "1 - 1e-7, the bound of clipped probabilities, is rounded to 1 - 1.2e-7 in float32: its "
    "logarithm is off by a sixth. Elsewhere 4e-6",
}


def wider() -> dict[str, float]:
    """The widest tolerance of each op that has a wider one than the usual."""
    import_all_ops()
    widest = {op: max(row.tolerance for row in ROWS[op]) for op in sorted(OPS) if op in ROWS}
    return {op: tolerance for op, tolerance in widest.items() if tolerance > USUAL}


def reason(op: str) -> str:
    """Why; KeyError where nobody has said it."""
    return SINGLE.get(op) or REASONS[OPS[op].family]


def page() -> Iterator[str]:
    """The lines of docs/op_tolerances.md."""
    listed = wider()
    yield "# How exact the ops are"
    yield ""
    yield "Written by `python -m kmb_core.conformance.tolerances > docs/op_tolerances.md` from the conformance rows."
    yield "Differences are relative to the larger of 1 and the expected value, in float32; in float64 a millionth of"
    yield "it is allowed. Integers and booleans are the same on all backends. Ops that are not listed are within 1e-06."
    yield ""
    yield "| op | within | because |"
    yield "|---|---|---|"
    for op, tolerance in listed.items():
        yield f"| `{op}` | {tolerance:g} | {reason(op)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join([*page(), ""]))
