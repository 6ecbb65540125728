"""One value, and one weight, for each sample: what averages are gathered from.

Axes that the weights do not have, and all but the first, are averaged away: a sample counts once, whatever its length.
"""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.losses.alignment import same_rank
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import broadcast_to
from kmb_core.ops.reduction import mean, sum
from kmb_core.ops.tensors import shape as dynamic_shape
from kmb_core.shapes import broadcast_shapes


def samplewise(values: Any, sample_weight: Any, mask: Any, by_sum: bool = False) -> tuple[Any, Any]:
    """Values and weights reduced to one for each sample.

    Args:
        values: `(batch, ...)` or a scalar, floating.
        sample_weight: what broadcasts against them, or has fewer axes; None for none.
        mask: booleans like sample weights; None for none.
        by_sum: add up instead of averaging (`Sum`).

    Returns:
        `(batch,)` values, already multiplied by the weights, and weights (None where there are none).
    """
    reduce = sum if by_sum else mean
    weights = _joined(sample_weight, mask, dtype_of(values))
    if weights is not None:
        values, weights = same_rank(values, weights)
        rank = len(weights.shape)
        if len(values.shape) > rank:
            values = reduce(values, axis=tuple(range(rank, len(values.shape))))
        _check(values, weights)
        values = multiply(values, weights)
        if len(weights.shape) > 1:
            weights = reduce(weights, axis=tuple(range(1, len(weights.shape))))
    if len(values.shape) > 1:
        values = reduce(values, axis=tuple(range(1, len(values.shape))))
    if weights is not None and tuple(weights.shape) != tuple(values.shape):
        weights = broadcast_to(weights, dynamic_shape(values))
    return values, weights


def _joined(sample_weight: Any, mask: Any, dtype: str) -> Any:
    if mask is None:
        return sample_weight
    mask = cast(mask, dtype)
    if sample_weight is None:
        return mask
    mask, sample_weight = same_rank(mask, sample_weight)
    return multiply(mask, sample_weight)


def _check(values: Any, weights: Any) -> None:
    try:
        broadcast_shapes(tuple(values.shape), tuple(weights.shape))
    except ShapeError:
        what = (
            f"metric: sample weights of shape {tuple(weights.shape)} do not fit values of shape {tuple(values.shape)}"
        )
        raise ShapeError(
            message(what, "There is one value for each sample (or step).", "Give weights of that shape.")
        ) from None
