"""Prefix beam search for `ctc_decode`, in tensors of fixed shapes, so that every backend gives the same labels.

A beam holds label sequences, its members, and for each the logarithms of the probabilities of its paths that end in the
blank and of those that end in its last label. At each time a member stays (the path repeats its last label, or has a
blank) or grows by a label. A member that grows into another member adds its paths to it. Equal scores keep their order.
"""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.ops.arithmetic import add, floor_divide, maximum, mod, negative, subtract
from kmb_core.ops.comparison import equal, greater, logical_and, where
from kmb_core.ops.creation import arange, cast, full
from kmb_core.ops.indexing import take_along_axis
from kmb_core.ops.manipulation import broadcast_to, concatenate, expand_dims, reshape, transpose
from kmb_core.ops.nn.log_space import IMPOSSIBLE, log_of_sum
from kmb_core.ops.nn.loss import one_hot
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import all, argsort, max
from kmb_core.ops.rnn import rnn
from kmb_core.ops.tensors import shape


def search(logs: Any, counted: Any, blank: int, width: int, paths: int) -> tuple[Any, Any]:
    """The best label sequences.

    Args:
        logs: logarithms of probabilities, (batch, time, classes).
        counted: booleans (batch, time).
        blank: class of the blank.
        width: members of a beam.
        paths: how many are wanted.

    Returns:
        Labels (paths, batch, time) filled up with -1, scores (batch, paths).
    """
    batch, time, _ = shape(logs)

    def step(now: Any, states: Any) -> Any:
        new = _advanced(now, states, blank, width)
        return now[:, 0], new

    _, _, states = rnn(step, logs, _start(logs, batch, time, width), counted, return_all_outputs=False)
    prefixes, _, _, in_blank, in_label = states
    scores = log_of_sum(in_blank, in_label)[:, :paths]
    possible = _possible(scores)
    labels = where(expand_dims(possible, -1), prefixes[:, :paths], -1)
    return transpose(labels, (1, 0, 2)), where(possible, scores, cast(float("-inf"), dtype_of(scores)))


def _start(logs: Any, batch: Any, time: Any, width: int) -> list[Any]:
    """The empty sequence, and members that are impossible."""
    dtype = dtype_of(logs)
    first = equal(broadcast_to(expand_dims(arange(width, dtype="int32"), 0), (batch, width)), 0)
    nothing = full((batch, width), IMPOSSIBLE, dtype)
    labels, lengths = full((batch, width, time), -1, "int32"), full((batch, width), 0, "int32")
    return [labels, lengths, full((batch, width), -1, "int32"), where(first, cast(0.0, dtype), nothing), nothing]


def _advanced(now: Any, states: Any, blank: int, width: int) -> list[Any]:
    """The beam one time later; `now` is (batch, classes)."""
    prefixes, lengths, last, in_blank, in_label = states
    classes = shape(now)[1]
    total = log_of_sum(in_blank, in_label)
    repeated = take_along_axis(now, maximum(last, 0), 1)
    stay_blank = add(total, now[:, blank : blank + 1])
    stay_label = add(in_label, repeated)
    is_last = cast(one_hot(last, classes, dtype="int32"), "bool")
    grown = add(where(is_last, expand_dims(in_blank, -1), expand_dims(total, -1)), expand_dims(now, 1))
    grown = where(equal(arange(classes, dtype="int32"), blank), cast(IMPOSSIBLE, dtype_of(now)), grown)
    stay_label, grown = _joined(states, total, stay_label, grown, is_last)
    stay = log_of_sum(stay_blank, stay_label)
    candidates = concatenate([stay, reshape(grown, (-1, width * classes))], 1)
    best = argsort(negative(candidates), 1)[:, :width]
    return _chosen(best, candidates, (prefixes, lengths, last, stay_blank, stay_label), width, classes)


def _joined(states: Any, total: Any, stay_label: Any, grown: Any, is_last: Any) -> tuple[Any, Any]:
    """Members that grow into another one (batch, from, to) add their paths to it, and are not there twice."""
    prefixes, lengths, last, _, _ = states
    places = arange(shape(prefixes)[2], dtype="int32")
    parents = where(equal(places, expand_dims(lengths - 1, -1)), -1, prefixes)
    same = all(equal(expand_dims(prefixes, 2), expand_dims(parents, 1)), -1)
    same = logical_and(same, equal(expand_dims(lengths + 1, 2), expand_dims(lengths, 1)))
    alive = _possible(total)
    same = logical_and(same, logical_and(expand_dims(alive, 2), expand_dims(alive, 1)))
    columns = broadcast_to(expand_dims(maximum(last, 0), 1), shape(same))
    moved = where(same, take_along_axis(grown, columns, 2), cast(IMPOSSIBLE, dtype_of(grown)))
    taken = matmul(cast(same, dtype_of(grown)), cast(is_last, dtype_of(grown)))
    grown = where(greater(taken, 0), cast(IMPOSSIBLE, dtype_of(grown)), grown)
    return log_of_sum(stay_label, max(moved, 1)), grown


def _chosen(best: Any, candidates: Any, stayed: Any, width: int, classes: int) -> list[Any]:
    """The states of the best candidates, which are members that stay, then each member with each class."""
    prefixes, lengths, last, stay_blank, stay_label = stayed
    grows = greater(best, width - 1)
    place = maximum(subtract(best, width), 0)
    source = where(grows, floor_divide(place, classes), best)
    label = mod(place, classes)
    old = take_along_axis(lengths, source, 1)
    wide = broadcast_to(expand_dims(source, -1), shape(prefixes))
    places = arange(shape(prefixes)[2], dtype="int32")
    writes = logical_and(expand_dims(grows, -1), equal(places, expand_dims(old, -1)))
    nothing = cast(IMPOSSIBLE, dtype_of(candidates))
    return [
        where(writes, expand_dims(label, -1), take_along_axis(prefixes, wide, 1)),
        where(grows, old + 1, old),
        where(grows, label, take_along_axis(last, source, 1)),
        where(grows, nothing, take_along_axis(stay_blank, source, 1)),
        where(grows, take_along_axis(candidates, best, 1), take_along_axis(stay_label, source, 1)),
    ]


def _possible(scores: Any) -> Any:
    return greater(scores, 0.5 * IMPOSSIBLE)
