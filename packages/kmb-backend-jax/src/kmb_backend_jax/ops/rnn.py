"""Loops over time as one `lax.scan`. The fused layers are the declared bodies, compiled as one function each.

A scan whose step is a new function at each call is compiled at each call, unless that is inside a compiled function.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.kernel import kernel
from kmb_core.ops.rnn_checks import time_steps
from kmb_core.plugins.contract import DECLARED


def projects_in_loop() -> bool:
    """Whether recurrent layers project each step's inputs by themselves.

    XLA's code for processors takes 0.6 of the time for small products of what is in the cache (LSTM 64-128, 32 x 50
    steps, forward; 0.9 with gradients; `benchmarks/time_rnn.py`) than for one product of all steps that it then reads.
    """
    return jax.default_backend() == "cpu"


_SETTINGS = ("go_backwards", "unroll", "zero_output_for_mask", "return_all_outputs")


def rnn(
    step: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    states: Any,
    mask: jax.Array | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """`step` over time; see the op."""
    if unroll:
        settings = (unroll, time_major, zero_output_for_mask, return_all_outputs)
        return DECLARED["rnn"].body(step, inputs, states, mask, go_backwards, *settings)
    axis = 0 if time_major else 1
    time_steps(inputs, mask, axis)
    series = jax.tree.map(lambda x: jnp.moveaxis(x, axis, 0), (inputs, mask))
    first = jax.tree.map(lambda x: x[0], inputs if time_major else series[0])
    described, _ = jax.eval_shape(step, first, states)
    before = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), described)
    advance = _advance(step, zero_output_for_mask, return_all_outputs)
    (last, states), outputs = lax.scan(advance, (before, states), series, reverse=go_backwards)
    if not return_all_outputs:
        return last, jax.tree.map(lambda x: jnp.expand_dims(x, axis), last), states
    outputs = jax.tree.map(lambda x: jnp.moveaxis(jnp.flip(x, 0) if go_backwards else x, 0, axis), outputs)
    return last, outputs, states


def _advance(step: Callable[[Any, Any], Any], zero_output: bool, keep_outputs: bool) -> Callable[[Any, Any], Any]:
    """The body of the scan: the carry is the output before and the states."""

    def advance(carry: Any, at_time: Any) -> Any:
        before, states = carry
        now, mask = at_time
        output, new = step(now, states)
        new = jax.tree.unflatten(jax.tree.structure(states), jax.tree.leaves(new))
        new = jax.tree.map(lambda x, old: x.astype(old.dtype), new, states)
        if mask is not None:
            instead = jax.tree.map(jnp.zeros_like, output) if zero_output else before
            output, new = jax.tree.map(lambda x, old: _chosen(mask, x, old), (output, new), (instead, states))
        return (output, new), (output if keep_outputs else None)

    return advance


def _chosen(mask: jax.Array, new: jax.Array, old: jax.Array) -> jax.Array:
    return jnp.where(mask.reshape(mask.shape + (1,) * (new.ndim - 1)), new, old)


@kernel(static=_SETTINGS)
def _simple_rnn(*tensors: jax.Array, **settings: Any) -> Any:
    return DECLARED["simple_rnn"].body(*tensors, **settings)


@kernel(static=_SETTINGS)
def _lstm(*tensors: jax.Array, **settings: Any) -> Any:
    return DECLARED["lstm"].body(*tensors, **settings)


@kernel(static=(*_SETTINGS, "reset_after"))
def _gru(*tensors: jax.Array, **settings: Any) -> Any:
    return DECLARED["gru"].body(*tensors, **settings)


def simple_rnn(
    inputs: jax.Array,
    h: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None = None,
    mask: jax.Array | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> Any:
    """The simple recurrent layer; see the op."""
    settings = dict(zip(_SETTINGS, (go_backwards, unroll, zero_output_for_mask, return_all_outputs), strict=True))
    return _simple_rnn(inputs, h, kernel, recurrent_kernel, bias, mask, **settings)


def lstm(
    inputs: jax.Array,
    h: jax.Array,
    c: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None = None,
    mask: jax.Array | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> Any:
    """Long short-term memory; see the op."""
    settings = dict(zip(_SETTINGS, (go_backwards, unroll, zero_output_for_mask, return_all_outputs), strict=True))
    return _lstm(inputs, h, c, kernel, recurrent_kernel, bias, mask, **settings)


def gru(
    inputs: jax.Array,
    h: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None = None,
    mask: jax.Array | None = None,
    reset_after: bool = True,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> Any:
    """The gated recurrent unit; see the op."""
    settings = dict(zip(_SETTINGS, (go_backwards, unroll, zero_output_for_mask, return_all_outputs), strict=True))
    tensors = (inputs, h, kernel, recurrent_kernel, bias, mask)
    return _gru(*tensors, reset_after=reset_after, **settings)
