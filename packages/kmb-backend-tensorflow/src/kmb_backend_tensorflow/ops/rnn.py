"""Loops over time: `tf.while_loop` inside graphs, where the number of steps may be unknown.

Eagerly a loop of TensorFlow is a loop in Python with arrays of tensors around it; the declared body does it with less.
Inputs and outputs go through TensorArrays, so that the gradient of each step touches that step alone; XLA wants their
shapes beforehand, which is why one step is traced first.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_core.ops.rnn_checks import time_steps
from kmb_core.plugins.contract import DECLARED


def rnn(
    step: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    states: Any,
    mask: Any = None,
    go_backwards: bool = False,
    unroll: bool = False,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """`step` over time; see the op."""
    if unroll or tf.executing_eagerly():
        settings = (unroll, time_major, zero_output_for_mask, return_all_outputs)
        return DECLARED["rnn"].body(step, inputs, states, mask, go_backwards, *settings)
    time_steps(inputs, mask, 0 if time_major else 1)
    leaves = [x if time_major else _swapped(x) for x in tf.nest.flatten(inputs)]
    keep = mask if mask is None or time_major else _swapped(mask)
    loop = _Loop(step, inputs, states, leaves, keep, go_backwards, zero_output_for_mask, return_all_outputs)
    last, outputs, states = loop.run()
    axis = 0 if time_major else 1
    if not return_all_outputs:
        return last, tf.nest.map_structure(lambda x: tf.expand_dims(x, axis), last), states
    return last, outputs if time_major else tf.nest.map_structure(_swapped, outputs), states


def _swapped(x: Any) -> Any:
    """The first two axes exchanged."""
    return tf.transpose(x, [1, 0, *range(2, len(x.shape))])


class _Loop:
    """One loop in a graph. The carry is the time, the output before, the states, and the outputs so far."""

    def __init__(
        self,
        step: Callable[[Any, Any], tuple[Any, Any]],
        inputs: Any,
        states: Any,
        leaves: list[Any],
        mask: Any,
        go_backwards: bool,
        zero_output: bool,
        keep_outputs: bool,
    ) -> None:
        self.step, self.inputs, self.states, self.mask = step, inputs, states, mask
        self.zero_output, self.keep_outputs = zero_output, keep_outputs
        self.count = leaves[0].shape[0] or tf.shape(leaves[0])[0]
        series = leaves if mask is None else [*leaves, mask]
        if go_backwards:
            series = [tf.reverse(x, [0]) for x in series]
        self.series = [self._array(x.dtype, x.shape[1:]).unstack(x) for x in series]
        now = tf.nest.pack_sequence_as(inputs, [x[0] for x in leaves])
        self.first, _ = step(now, states)  # for its shape and dtype; the graph drops what is not used of it

    def _array(self, dtype: tf.DType, shape: Any) -> tf.TensorArray:
        return tf.TensorArray(dtype, self.count, element_shape=shape, clear_after_read=False)

    def run(self) -> tuple[Any, Any, Any]:
        """The last output, all outputs with time first (None where they are not kept), the last states."""
        before = [tf.zeros_like(x) for x in tf.nest.flatten(self.first)]
        arrays = [self._array(x.dtype, x.shape) for x in before] if self.keep_outputs else []
        carry = (tf.constant(0), before, tf.nest.flatten(self.states), arrays)
        limit = self.count if isinstance(self.count, int) else None
        _, last, states, arrays = tf.while_loop(
            lambda time, *_: time < self.count, self._advance, carry, maximum_iterations=limit
        )
        outputs = None
        if self.keep_outputs:
            stacked = [tf.ensure_shape(x.stack(), [limit, *y.shape]) for x, y in zip(arrays, before, strict=True)]
            outputs = tf.nest.pack_sequence_as(self.first, stacked)
        return (
            tf.nest.pack_sequence_as(self.first, last),
            outputs,
            tf.nest.pack_sequence_as(self.states, states),
        )

    def _advance(self, time: Any, before: list[Any], states: list[Any], arrays: list[Any]) -> Any:
        now = [array.read(time) for array in self.series]
        keep = None if self.mask is None else now.pop()
        given = tf.nest.pack_sequence_as(self.states, states)
        output, new = self.step(tf.nest.pack_sequence_as(self.inputs, now), given)
        output = tf.nest.flatten(output)
        new = [_like(x, old) for x, old in zip(tf.nest.flatten(new), states, strict=True)]
        if keep is not None:
            instead = [tf.zeros_like(x) for x in output] if self.zero_output else before
            output = [_chosen(keep, x, old) for x, old in zip(output, instead, strict=True)]
            new = [_chosen(keep, x, old) for x, old in zip(new, states, strict=True)]
        output = [_like(x, old) for x, old in zip(output, before, strict=True)]
        arrays = [array.write(time, x) for array, x in zip(arrays, output, strict=False)]
        return time + 1, output, new, arrays


def _like(x: Any, old: Any) -> Any:
    """What a loop carries keeps its dtype, and what is known of its shape."""
    x = tf.cast(x, old.dtype) if x.dtype is not old.dtype else x
    return tf.ensure_shape(x, old.shape)


def _chosen(keep: Any, new: Any, old: Any) -> Any:
    for _ in range(len(new.shape) - 1):
        keep = tf.expand_dims(keep, -1)
    return tf.where(keep, new, old)
