"""From one loss for each sample to the number that is minimised.

A mask says which values count; means are taken over those alone. Weights multiply the values; of the reductions only
"mean_with_sample_weight" divides by their sum, the other means divide by the number of values.
"""

import math
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.losses.alignment import same_rank
from kmb_core.ops.arithmetic import multiply, true_divide
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.creation import cast, ones_like, zeros_like
from kmb_core.ops.reduction import mean, sum
from kmb_core.ops.tensors import shape as dynamic_shape
from kmb_core.shapes import broadcast_shapes

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
MEANS = ("sum_over_batch_size", "mean")


def check_reduction(reduction: Any, where: str) -> Any:
    """The reduction, if there is such a one."""
    if reduction not in REDUCTIONS:
        known = ", ".join(repr(r) for r in REDUCTIONS)
        raise ValueError(message(f"{where}: reduction is one of {known}; got {reduction!r}"))
    return reduction


def reduced(values: Any, reduction: str | None) -> Any:
    """Values without weights, brought to one number (or left as they are)."""
    if reduction in ("none", None) or not values.shape:
        return values
    return sum(values) if reduction == "sum" else mean(values)


def reduced_with_weights(values: Any, sample_weight: Any, mask: Any, reduction: str | None) -> Any:
    """Values with weights, a mask or both, brought to one number (or left as they are).

    Args:
        values: losses, of any shape.
        sample_weight: a tensor that broadcasts against them, or None.
        mask: booleans that broadcast against them, or None.
        reduction: one of REDUCTIONS.
    """
    weights = sample_weight
    if mask is not None:
        weights = _masked(sample_weight, cast(mask, dtype_of(values)), reduction)
    if weights is None:
        return reduced(values, reduction)
    values, weights = same_rank(values, weights)
    _check_weights(values, weights)
    values = multiply(values, weights)
    if reduction == "mean_with_sample_weight":
        return quotient(sum(values), sum(weights))
    return reduced(values, reduction)


def _masked(sample_weight: Any, mask: Any, reduction: str | None) -> Any:
    """The mask as weights; for means scaled up, so that dividing by all values divides by those that count."""
    if reduction in MEANS:
        mask = multiply(mask, quotient(_size(mask), sum(mask)))
    if sample_weight is None:
        return mask
    sample_weight, mask = same_rank(sample_weight, mask)
    return multiply(sample_weight, mask)


def _size(x: Any) -> Any:
    if None not in tuple(x.shape):
        return multiply(ones_like(sum(x)), float(math.prod(x.shape)))
    size = ones_like(sum(x))
    for length in dynamic_shape(x):
        size = multiply(size, cast(length, dtype_of(x)))
    return size


def quotient(numerator: Any, denominator: Any) -> Any:
    """The quotient; 0 where the denominator is 0."""
    nothing = equal(denominator, 0)
    return where(
        nothing, zeros_like(numerator), true_divide(numerator, where(nothing, ones_like(denominator), denominator))
    )


def _check_weights(values: Any, weights: Any) -> None:
    try:
        if len(weights.shape) > len(values.shape) > 0:
            raise ShapeError("more axes")
        broadcast_shapes(tuple(values.shape), tuple(weights.shape))
    except ShapeError:
        what = f"loss: sample weights of shape {tuple(weights.shape)} do not fit values of shape {tuple(values.shape)}"
        cause = "There is one loss for each sample (or step); the last axis of the outputs is averaged away."
        raise ShapeError(message(what, cause, "Give weights of that shape, or with 1 where all share one.")) from None
