"""Counts of right and wrong yes-no predictions at thresholds: what precision, recall and the areas are made of.

Thresholds at even distances from 0 to 1 are counted by sorting predictions into buckets, one pass over them whatever
the number of thresholds; others by comparing each prediction with each threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kmb_core.backend import dtype_of, epsilon
from kmb_core.errors import ShapeError, message
from kmb_core.losses.alignment import same_rank
from kmb_core.losses.regression import floating, tensor
from kmb_core.ops.arithmetic import add, ceil, clip, multiply, subtract
from kmb_core.ops.comparison import equal, greater, where
from kmb_core.ops.creation import arange, cast, convert_to_tensor, ones_like
from kmb_core.ops.manipulation import broadcast_to, expand_dims, flip, reshape
from kmb_core.ops.reduction import cumsum, top_k
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.segments import segment_sum
from kmb_core.ops.tensors import shape, static_shape

NEVER = -1e10  # a prediction that no threshold lets through


@dataclass(frozen=True)
class Counts:
    """How many, or with weights how much: each `(thresholds,)`, or `(thresholds, labels)`."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any


def parsed_thresholds(thresholds: Any, default: float, where_: str) -> list[float]:
    """Thresholds as a list.

    Raises:
        ValueError: for one outside of 0 to 1.
    """
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    wrong = [t for t in listed if t is None or not 0 <= t <= 1]
    if wrong or not listed:
        raise ValueError(f"{where_}: thresholds lie between 0 and 1, got {wrong or listed}")
    return listed


def even_thresholds(count: int) -> list[float]:
    """So many thresholds at even distances, the first below 0 and the last above 1."""
    inner = [i / (count - 1) for i in range(1, count - 1)]
    return [0.0 - epsilon(), *inner, 1.0 + epsilon()]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds, the first and the last left out, lie where `even_thresholds` puts them."""
    last = len(thresholds) - 1
    return last > 1 and all(abs(t - i / last) < 1e-7 for i, t in enumerate(thresholds[1:-1], 1))


def confusion(
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    sample_weight: Any = None,
    top: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
    label_weights: Any = None,
    even: bool = False,
) -> Counts:
    """Count.

    Args:
        y_true: 0 and 1, `(batch, ...)`.
        y_pred: probabilities of the same shape.
        thresholds: what is greater counts as yes.
        sample_weight: a number for each sample, or each prediction; None for ones.
        top: whether only so many highest predictions along the last axis can be yes.
        class_id: count for this index of the last axis alone.
        by_label: count each index of the last axis by itself.
        label_weights: a weight for each of them.
        even: whether the thresholds are those of `even_thresholds`.

    Raises:
        ShapeError: when the shapes differ.
    """
    y_pred = floating(y_pred)
    y_true, y_pred = same_rank(cast(tensor(y_true), dtype_of(y_pred)), y_pred)
    _check(y_true, y_pred)
    if top is not None:
        y_pred = _only_top(y_pred, top)
    weights = _broadcast(sample_weight, y_pred)
    if label_weights is not None:
        weights = multiply(weights, cast(label_weights, dtype_of(y_pred)))
    if class_id is not None:
        y_true, y_pred, weights = y_true[..., class_id], y_pred[..., class_id], weights[..., class_id]
    labels = static_shape(y_pred)[-1] if by_label else None
    form = (-1,) if labels is None else (-1, labels)
    truth = cast(not_zero(reshape(y_true, form)), dtype_of(y_pred))
    y_pred, weights = reshape(y_pred, form), reshape(weights, form)
    positive, negative = multiply(truth, weights), multiply(subtract(1.0, truth), weights)
    accepted = _by_buckets if even else _by_comparison
    found, wrong = accepted(y_pred, positive, thresholds), accepted(y_pred, negative, thresholds)
    missed = subtract(expand_dims(sum_of(positive, axis=0), 0), found)
    refused = subtract(expand_dims(sum_of(negative, axis=0), 0), wrong)
    return Counts(found, wrong, refused, missed)


def not_zero(x: Any) -> Any:
    """Whether elements are other than 0."""
    return cast(x, "bool")


def _check(y_true: Any, y_pred: Any) -> None:
    true, pred = tuple(y_true.shape), tuple(y_pred.shape)
    if len(true) != len(pred) or any(None not in (t, p) and t != p for t, p in zip(true, pred, strict=True)):
        what = f"metric: expected targets and predictions of one shape, got {true} and {pred}"
        raise ShapeError(message(what, None, "Encode class numbers as one-hot first."))


def _broadcast(sample_weight: Any, like: Any) -> Any:
    if sample_weight is None:
        return ones_like(like)
    weights = cast(tensor(sample_weight), dtype_of(like))
    weights, _ = same_rank(weights, like)
    while len(weights.shape) < len(like.shape):
        weights = expand_dims(weights, -1)
    return broadcast_to(weights, shape(like))


def _only_top(y_pred: Any, top: int) -> Any:
    """Predictions, those that are not among the highest of the last axis replaced by what is never yes."""
    _, places = top_k(y_pred, top, sorted=False)
    classes = static_shape(y_pred)[-1]
    chosen = equal(expand_dims(places, -1), arange(classes, dtype=dtype_of(places)))
    return where(sum_of(cast(chosen, "int32"), axis=-2) > 0, y_pred, NEVER)


def _by_comparison(y_pred: Any, amounts: Any, thresholds: Sequence[float]) -> Any:
    limits = convert_to_tensor(list(thresholds), dtype_of(y_pred))
    limits = reshape(limits, (-1,) + (1,) * len(y_pred.shape))
    yes = greater(expand_dims(y_pred, 0), limits)
    return sum_of(where(yes, expand_dims(amounts, 0), 0.0), axis=1)


def _by_buckets(y_pred: Any, amounts: Any, thresholds: Sequence[float]) -> Any:
    """The sum of amounts at or above each bucket; bucket i holds what exceeds threshold i and no higher one."""
    count = len(thresholds)
    bucket = clip(subtract(ceil(multiply(y_pred, float(count - 1))), 1.0), 0, count - 1)
    bucket = cast(bucket, "int32")
    if len(y_pred.shape) == 1:
        sums = segment_sum(amounts, bucket, num_segments=count)
    else:
        labels = static_shape(y_pred)[-1]
        place = add(multiply(bucket, labels), arange(labels, dtype="int32"))
        sums = segment_sum(reshape(amounts, (-1,)), reshape(place, (-1,)), num_segments=count * labels)
        sums = reshape(sums, (count, labels))
    return flip(cumsum(flip(sums, 0), axis=0), 0)
