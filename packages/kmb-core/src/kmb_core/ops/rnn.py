"""A step repeated over time, and the recurrent layers whose whole sequence is one call.

They are not part of Keras' public API; recurrent layers are made of them. `rnn` takes any step; its body is a loop in
Python, and a backend overrides it with its framework's own loop (`lax.scan`, `tf.while_loop`). `simple_rnn`, `lstm` and
`gru` say the maths of the layers with default activations: what does not depend on the state, the projection of the
inputs, is one product for all steps in front of the loop, and a backend overrides the whole where its framework has a
fused kernel.

A step that is masked keeps the state; its output is that of the step before (zeros where there was none), or zeros.
"""

from collections.abc import Callable
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import add
from kmb_core.ops.comparison import where
from kmb_core.ops.creation import zeros_like
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import tanh
from kmb_core.ops.manipulation import expand_dims, split, stack, swapaxes, unstack
from kmb_core.ops.nn.activations import sigmoid
from kmb_core.ops.nn.projection import dense
from kmb_core.ops.operation import has_symbolic
from kmb_core.ops.products import matmul
from kmb_core.ops.rnn_checks import check_cell, time_steps
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Floating, Structure, Tensor, TensorLike

RNN = "keras.src.ops.rnn"

Step = Callable[[Any, Any], tuple[Any, Any]]


@composite(saved_module=RNN)
def rnn(
    step: Step,
    inputs: Structure,
    states: Structure,
    mask: Structure = None,
    go_backwards: bool = False,
    unroll: bool = False,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """Call a step once for each time, handing on the state.

    Args:
        step: a function `step(inputs at one time, states) -> (outputs, new states)`. States keep their structure,
            shapes and dtypes.
        inputs: tensor of shape (batch, time, ...), or a structure of such tensors.
        states: tensors of shape (batch, ...) in any structure: the state before the first step.
        mask: booleans of shape (batch, time), False where a step is left out; None for none.
        go_backwards: whether time runs from the last step to the first; outputs stand in the order they are made in.
        unroll: whether the steps stand one after the other in a compiled function, instead of as a loop.
        time_major: whether inputs, mask and outputs have the shape (time, batch, ...).
        zero_output_for_mask: whether masked outputs are zeros, instead of the outputs of the step before.
        return_all_outputs: whether the outputs of all steps are wanted; else only the last is kept.

    Returns:
        A tuple `(last_output, outputs, states)`: the outputs of the last step, (batch, ...); of all steps,
        (batch, time, ...) with time 1 where only the last is kept; the state after the last step.

    Raises:
        ShapeError: for inputs without a time axis, for no step at all, for a mask of another shape.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.rnn import rnn
        >>> running = lambda x, states: (x + states[0], [x + states[0]])
        >>> last, outputs, states = rnn(running, ops.ones((1, 3, 1)), [ops.zeros((1, 1))])
        >>> [float(v) for v in ops.ravel(outputs)]
        [1.0, 2.0, 3.0]
    """
    axis = 0 if time_major else 1
    count = time_steps(inputs, mask, axis)
    if has_symbolic(tree.flatten((inputs, states, mask))):
        return _inferred(step, inputs, states, axis, count if return_all_outputs else 1)
    if count is None:
        what = "ops.rnn: the number of steps is not known while tracing"
        raise ShapeError(message(what, "Steps that are written out have to be counted.", "Use unroll=False."))
    parts = [unstack(x, count, axis) for x in tree.flatten(inputs)]
    kept = [None] * count if mask is None else unstack(mask, count, axis)
    output, outputs = None, []
    for time in reversed(range(count)) if go_backwards else range(count):
        now = tree.pack_sequence_as(inputs, [part[time] for part in parts])
        output, states = masked_step(step, now, states, kept[time], output, zero_output_for_mask)
        outputs.append(output)
    if not return_all_outputs:
        return output, tree.map_structure(lambda x: expand_dims(x, axis), output), states
    return output, tree.map_structure(lambda *parts: stack(parts, axis), *outputs), states


def masked_step(step: Step, now: Any, states: Any, keep: Any, before: Any, zero_output: bool) -> tuple[Any, Any]:
    """One step; where `keep` (batch,) is False, the old states and the output before, or zeros."""
    output, new = step(now, states)
    new = tree.pack_sequence_as(states, tree.flatten(new))
    if keep is None:
        return output, new
    instead = tree.map_structure(zeros_like, output) if zero_output or before is None else before
    choose = chooser(keep)
    return tree.map_structure(choose, output, instead), tree.map_structure(choose, new, states)


def chooser(keep: Any) -> Callable[[Any, Any], Any]:
    """A function of two tensors that takes the first in the rows where `keep` is true."""

    def choose(new: Any, old: Any) -> Any:
        wide = keep
        for _ in range(len(static_shape(new)) - 1):
            wide = expand_dims(wide, -1)
        return where(wide, new, old)

    return choose


def _inferred(step: Step, inputs: Any, states: Any, axis: int, count: int | None) -> tuple[Any, Any, Any]:
    """Shapes and dtypes: those of one step, with the time axis put in."""
    now = tree.map_structure(lambda x: _abstract(x, axis), inputs)
    old = tree.map_structure(_abstract, states)
    output, new = step(now, old)
    new = tree.pack_sequence_as(states, tree.flatten(new))
    tree.map_structure(_check_kept, old, new)

    def timed(x: Any) -> KerasTensor:
        shape = tuple(static_shape(x))
        return KerasTensor.like((*shape[:axis], count, *shape[axis:]), dtype_of(x))

    return output, tree.map_structure(timed, output), new


def _abstract(x: Any, without: int | None = None) -> KerasTensor:
    shape = tuple(static_shape(x))
    return KerasTensor.like(shape if without is None else shape[:without] + shape[without + 1 :], dtype_of(x))


def _check_kept(old: Any, new: Any) -> None:
    if len(old.shape) != len(new.shape) or any(None not in p and p[0] != p[1] for p in zip(old.shape, new.shape)):
        what = f"ops.rnn: a step must keep the shapes of its states, it makes {tuple(new.shape)} of {tuple(old.shape)}"
        raise ShapeError(message(what, "The initial state has one row for each of the batch.", None))


# Layers as one call ----------------------------------------------------------------------------------------------


@composite(saved_module=RNN)
def simple_rnn(
    inputs: Floating,
    h: Floating,
    kernel: Floating,
    recurrent_kernel: Floating,
    bias: Floating | None = None,
    mask: TensorLike | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """`h ← tanh(x @ kernel + bias + h @ recurrent_kernel)` for each time.

    Args:
        inputs: (batch, time, features).
        h: (batch, units), the state before the first step.
        kernel: (features, units).
        recurrent_kernel: (units, units).
        bias: (units,), or None.
        mask: booleans (batch, time), False where a step is left out; None for none.
        go_backwards, unroll, zero_output_for_mask, return_all_outputs: see `rnn`.

    Returns:
        A tuple: the last output, (batch, units); outputs, (batch, time, units), with time 1 where only the last is
        kept; h after the last step.

    Raises:
        ShapeError: when the shapes do not fit.

    Source: Elman, "Finding Structure in Time", 1990.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.rnn import simple_rnn
        >>> last, outputs, h = simple_rnn(ops.zeros((1, 2, 3)), ops.ones((1, 1)), ops.ones((3, 1)), [[1.0]])
        >>> round(float(last[0, 0]), 4)
        0.642
    """
    check_cell("simple_rnn", inputs, (h,), kernel, recurrent_kernel, bias, mask, 1)

    def step(projected: Any, states: Any) -> Any:
        new = tanh(add(projected, matmul(states[0], recurrent_kernel)))
        return new, [new]

    settings = (mask, go_backwards, unroll, zero_output_for_mask, return_all_outputs)
    last, outputs, states = _over_time(step, inputs, kernel, bias, [h], *settings)
    return last, outputs, states[0]


@composite(saved_module=RNN)
def lstm(
    inputs: Floating,
    h: Floating,
    c: Floating,
    kernel: Floating,
    recurrent_kernel: Floating,
    bias: Floating | None = None,
    mask: TensorLike | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Long short-term memory, with the gates i, f, g, o side by side in kernels and bias.

    `i, f, o` are sigmoids and `g` the tanh of `x @ kernel + bias + h @ recurrent_kernel`;
    `c ← f * c + i * g` and `h ← o * tanh(c)`.

    Args:
        inputs: (batch, time, features).
        h, c: (batch, units), the state before the first step.
        kernel: (features, 4 * units).
        recurrent_kernel: (units, 4 * units).
        bias: (4 * units,), or None.
        mask: booleans (batch, time), False where a step is left out; None for none.
        go_backwards, unroll, zero_output_for_mask, return_all_outputs: see `rnn`.

    Returns:
        A tuple: the last output, (batch, units); outputs, (batch, time, units), with time 1 where only the last is
        kept; h and c after the last step.

    Raises:
        ShapeError: when the shapes do not fit.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers et al., 2000.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.rnn import lstm
        >>> zero = ops.zeros((1, 1))
        >>> last, outputs, h, c = lstm(ops.zeros((1, 2, 3)), zero, ops.ones((1, 1)), ops.ones((3, 4)), ops.ones((1, 4)))
        >>> ops.shape(outputs)
        (1, 2, 1)
    """
    check_cell("lstm", inputs, (h, c), kernel, recurrent_kernel, bias, mask, 4)

    def step(projected: Any, states: Any) -> Any:
        hidden, cell = states
        i, f, g, o = split(add(projected, matmul(hidden, recurrent_kernel)), 4, -1)
        cell = sigmoid(f) * cell + sigmoid(i) * tanh(g)
        hidden = sigmoid(o) * tanh(cell)
        return hidden, [hidden, cell]

    settings = (mask, go_backwards, unroll, zero_output_for_mask, return_all_outputs)
    last, outputs, states = _over_time(step, inputs, kernel, bias, [h, c], *settings)
    return last, outputs, states[0], states[1]


@composite(saved_module=RNN)
def gru(
    inputs: Floating,
    h: Floating,
    kernel: Floating,
    recurrent_kernel: Floating,
    bias: Floating | None = None,
    mask: TensorLike | None = None,
    reset_after: bool = True,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gated recurrent unit, with the gates z, r and the candidate n side by side in kernels and bias.

    `z` and `r` are sigmoids of `x @ kernel + h @ recurrent_kernel` and the biases; `n` is the tanh of the same with
    `r` multiplied to what comes from h, after its product with the kernel or before; `h ← z * h + (1 - z) * n`.

    Args:
        inputs: (batch, time, features).
        h: (batch, units), the state before the first step.
        kernel: (features, 3 * units).
        recurrent_kernel: (units, 3 * units).
        bias: (2, 3 * units) with `reset_after`, one row for inputs and one for h; else (3 * units,); or None.
        mask: booleans (batch, time), False where a step is left out; None for none.
        reset_after: whether r is multiplied after the recurrent product, as cuDNN does, or before it.
        go_backwards, unroll, zero_output_for_mask, return_all_outputs: see `rnn`.

    Returns:
        A tuple: the last output, (batch, units); outputs, (batch, time, units), with time 1 where only the last is
        kept; h after the last step.

    Raises:
        ShapeError: when the shapes do not fit.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.rnn import gru
        >>> last, outputs, h = gru(ops.zeros((1, 2, 3)), ops.ones((1, 1)), ops.ones((3, 3)), ops.zeros((1, 3)))
        >>> [float(v) for v in ops.ravel(outputs)]
        [0.5, 0.25]
    """
    check_cell("gru", inputs, (h,), kernel, recurrent_kernel, bias, mask, 3, reset_after)
    of_inputs, of_state = (bias[0], bias[1]) if bias is not None and reset_after else (bias, None)
    units = static_shape(recurrent_kernel)[0]
    gates, candidate = recurrent_kernel[:, : 2 * units], recurrent_kernel[:, 2 * units :]

    def after(projected: Any, states: Any) -> Any:
        x = split(projected, 3, -1)
        y = split(dense(states[0], recurrent_kernel, of_state), 3, -1)
        update, reset = sigmoid(x[0] + y[0]), sigmoid(x[1] + y[1])
        return _blended(update, states[0], tanh(x[2] + reset * y[2]))

    def before(projected: Any, states: Any) -> Any:
        x = split(projected, 3, -1)
        y = split(matmul(states[0], gates), 2, -1)
        update, reset = sigmoid(x[0] + y[0]), sigmoid(x[1] + y[1])
        return _blended(update, states[0], tanh(x[2] + matmul(reset * states[0], candidate)))

    settings = (mask, go_backwards, unroll, zero_output_for_mask, return_all_outputs)
    step = after if reset_after else before
    last, outputs, states = _over_time(step, inputs, kernel, of_inputs, [h], *settings)
    return last, outputs, states[0]


def _over_time(
    step: Step, inputs: Any, kernel: Any, bias: Any, states: list[Any], mask: Any, go_backwards: bool, *settings: bool
) -> tuple[Any, Any, Any]:
    """`rnn` of projected inputs. Time comes first before the projection, which makes them several times as wide."""
    unroll, zero_output_for_mask, return_all_outputs = settings
    inputs, mask = swapaxes(inputs, 0, 1), None if mask is None else swapaxes(mask, 0, 1)
    options = (go_backwards, unroll, True, zero_output_for_mask, return_all_outputs)
    in_loop = current_backend().kernels.get("projects_in_loop")
    if in_loop is not None and in_loop():
        last, outputs, states = rnn(lambda x, s: step(dense(x, kernel, bias), s), inputs, states, mask, *options)
    else:
        last, outputs, states = rnn(step, dense(inputs, kernel, bias), states, mask, *options)
    return last, swapaxes(outputs, 0, 1), states


def _blended(update: Any, old: Any, candidate: Any) -> tuple[Any, list[Any]]:
    new = update * old + (1 - update) * candidate
    return new, [new]
