"""Targets and predictions of one rank: a last axis of size 1 too many is dropped, or the other tensor gains one."""

from typing import Any

from kmb_core.ops.manipulation import expand_dims, squeeze


def same_rank(first: Any, second: Any, expand_vectors: bool = True) -> tuple[Any, Any]:
    """Two tensors, brought to one rank where they differ by a last axis of size 1.

    Args:
        first, second: tensors.
        expand_vectors: a vector gains an axis rather than that the other loses one.

    Returns:
        The pair; unchanged when the ranks are equal or differ otherwise.
    """
    difference = len(first.shape) - len(second.shape)
    if difference == 1:
        first, second = _shortened(first, second, expand_vectors)
    elif difference == -1:
        second, first = _shortened(second, first, expand_vectors)
    return first, second


def _shortened(longer: Any, shorter: Any, expand_vectors: bool) -> tuple[Any, Any]:
    if longer.shape[-1] != 1:
        return longer, shorter
    if expand_vectors and len(shorter.shape) == 1:
        return longer, expand_dims(shorter, -1)
    return squeeze(longer, -1), shorter
