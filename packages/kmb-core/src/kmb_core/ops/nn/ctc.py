"""Connectionist temporal classification: the loss of labels whose places in time are unknown, and reading labels off.

Source: Graves et al., "Connectionist Temporal Classification", 2006. A path has one class for each time; the labels of
a path are what is left when repetitions are joined and then blanks taken out.
"""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.ops.arithmetic import add, clip, maximum, negative
from kmb_core.ops.comparison import equal, greater, less, logical_and, logical_not, not_equal, where
from kmb_core.ops.creation import arange, cast, full, ones_like
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import take_along_axis
from kmb_core.ops.manipulation import broadcast_to, concatenate, expand_dims, reshape, squeeze, stack
from kmb_core.ops.nn.activations import log_softmax
from kmb_core.ops.nn.beam_search import search
from kmb_core.ops.nn.ctc_checks import check_decode, check_loss
from kmb_core.ops.nn.log_space import IMPOSSIBLE, log_of_sum
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.reduction import argmax, argsort, max, sum
from kmb_core.ops.rnn import rnn
from kmb_core.ops.tensors import shape
from kmb_core.typing import Floating, Tensor, TensorLike

NN = "keras.src.ops.nn"


@composite(saved="CTCLoss", saved_module=NN)
def ctc_loss(
    target: TensorLike, output: Floating, target_length: TensorLike, output_length: TensorLike, mask_index: int = 0
) -> Tensor:
    """The negative logarithm of the probability of all paths whose labels are the target.

    Args:
        target: integers (batch, labels), classes other than the blank; what stands behind `target_length` is ignored.
        output: logits (batch, time, classes).
        target_length: integers (batch,).
        output_length: integers (batch,): how many times of each sample count.
        mask_index: the class that is the blank; a negative one counts from the last.

    Returns:
        (batch,), in the dtype of `output`. Infinity, with a gradient of zero, where no path is short enough.

    Raises:
        ShapeError: when the shapes do not fit. DTypeError: for labels or lengths that are no integers.
        ValueError: for a blank that is no class.

    Source: Graves et al., 2006, section 4.1.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.ctc_loss([[1]], [[[0.0, 0.0]]], [1], [1])[0]), 4)
        0.6931
    """
    blank = check_loss(target, output, target_length, output_length, mask_index)
    dtype = dtype_of(output)
    if isinstance(output, KerasTensor):
        return KerasTensor.like((output.shape[0],), dtype)
    output = widened(output, dtype)
    batch, time, classes = shape(output)
    target = clip(cast(target, "int32"), 0, classes - 1)
    states = _with_blanks(target, blank)
    skips = _skips(target, dtype_of(output))
    wide = broadcast_to(expand_dims(states, 1), (batch, time, shape(states)[1]))
    scores = take_along_axis(log_softmax(output, -1), wide, -1)
    first = broadcast_to(equal(_places(states), 0), shape(states))
    start = where(first, cast(0.0, dtype_of(output)), cast(IMPOSSIBLE, dtype_of(output)))

    def step(now: Any, carried: Any) -> Any:
        new = add(now, _arrived(carried[0], skips))
        return max(new, -1), [new]

    counted = less(expand_dims(arange(time, dtype="int32"), 0), expand_dims(cast(output_length, "int32"), 1))
    _, _, (final,) = rnn(step, scores, [start], counted, return_all_outputs=False)
    return narrowed(_ended(final, cast(target_length, "int32")), dtype)


def _places(x: Any) -> Any:
    return expand_dims(arange(shape(x)[1], dtype="int32"), 0)


def _with_blanks(target: Any, blank: int) -> Any:
    """The states of a path: blank, label, blank, label, …, blank."""
    blanks = full((shape(target)[0], 1), blank, "int32")
    pairs = stack([ones_like(target) * blank, target], 2)
    return concatenate([reshape(pairs, (shape(target)[0], 2 * shape(target)[1])), blanks], 1)


def _skips(target: Any, dtype: str) -> Any:
    """For each state what it costs to come from two states before: nothing for a label that differs from the last."""
    first = full((shape(target)[0], 1), False, "bool")
    differs = concatenate([first, not_equal(target[:, 1:], target[:, :-1])], 1)[:, : shape(target)[1]]
    allowed = reshape(stack([cast(target * 0, "bool"), differs], 2), (shape(target)[0], 2 * shape(target)[1]))
    return where(concatenate([allowed, first], 1), cast(0.0, dtype), cast(IMPOSSIBLE, dtype))


def _arrived(before: Any, skips: Any) -> Any:
    """The logarithm of the sum over staying, coming from the state before, and skipping one."""
    padding = full((shape(before)[0], 2), IMPOSSIBLE, dtype_of(before))
    padded = concatenate([padding, before], 1)
    ways = stack([before, padded[:, 1:-1], add(padded[:, :-2], skips)], 0)
    return log_of_sum(ways[0], log_of_sum(ways[1], ways[2]))


def _ended(final: Any, length: Any) -> Any:
    """The loss: paths end in the last label or the blank behind it."""
    last = expand_dims(2 * length, 1)
    in_blank = take_along_axis(final, last, 1)
    in_label = take_along_axis(final, maximum(last - 1, 0), 1)
    in_label = where(greater(last, 0), in_label, cast(IMPOSSIBLE, dtype_of(final)))
    loss = negative(squeeze(log_of_sum(in_blank, in_label), 1))
    return where(less(loss, -0.5 * IMPOSSIBLE), loss, cast(float("inf"), dtype_of(final)))


@composite(saved="CTCDecode", saved_module=NN)
def ctc_decode(
    inputs: Floating,
    sequence_lengths: TensorLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Tensor, Tensor]:
    """The most probable labels of each sample.

    Args:
        inputs: logits (batch, time, classes).
        sequence_lengths: integers (batch,): how many times of each sample count.
        strategy: "greedy" takes the best class of each time, "beam_search" the best labels over all their paths.
        beam_width: how many beginnings a beam search goes on with at each time.
        top_paths: how many results a beam search gives, the best first; at most `beam_width`.
        merge_repeated: whether "greedy" joins repeated classes; a beam search always does.
        mask_index: the class that is the blank; a negative one counts from the last.

    Returns:
        A tuple: labels, int32 (paths, batch, time), filled up with -1; scores (batch, paths), in the dtype of
        `inputs`: for "greedy", whose only path is the first, the negative sum of the largest logits, for
        "beam_search" logarithms of probabilities, minus infinity where there are fewer results.

    Raises:
        ShapeError: when the shapes do not fit. DTypeError: for lengths that are no integers.
        ValueError: for another strategy, more paths than the beam is wide, or a blank that is no class.

    Source: Graves et al., 2006, section 3.2; Hannun et al., "First-Pass Large Vocabulary Continuous Speech
    Recognition", 2014, algorithm 1.

    Example:
        >>> from kmb_core import ops
        >>> labels, scores = ops.ctc_decode([[[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]]], [3])
        >>> [int(v) for v in labels[0, 0]]
        [1, -1, -1]
    """
    blank = check_decode(inputs, sequence_lengths, strategy, beam_width, top_paths, mask_index)
    dtype, paths = dtype_of(inputs), top_paths if strategy == "beam_search" else 1
    if isinstance(inputs, KerasTensor):
        batch, time, _ = inputs.shape
        return KerasTensor.like((paths, batch, time), "int32"), KerasTensor.like((batch, paths), dtype)
    time = shape(inputs)[1]
    counted = less(expand_dims(arange(time, dtype="int32"), 0), expand_dims(cast(sequence_lengths, "int32"), 1))
    if strategy == "greedy":
        return _greedy(inputs, counted, merge_repeated, blank)
    labels, scores = search(log_softmax(widened(inputs, dtype), -1), counted, blank, beam_width, top_paths)
    return labels, narrowed(scores, dtype)


def _greedy(inputs: Any, counted: Any, merge_repeated: bool, blank: int) -> tuple[Any, Any]:
    best = cast(argmax(inputs, -1), "int32")
    kept = logical_and(counted, not_equal(best, blank))
    if merge_repeated:
        before = concatenate([ones_like(best[:, :1]) * -1, best[:, :-1]], 1)
        kept = logical_and(kept, not_equal(best, before))
    order = argsort(cast(logical_not(kept), "int32"), 1)
    count = sum(cast(kept, "int32"), 1, True)
    labels = where(less(_places(best), count), take_along_axis(best, order, 1), -1)
    largest = where(counted, max(inputs, -1), cast(0.0, dtype_of(inputs)))
    return expand_dims(labels, 0), negative(sum(largest, 1, True))
