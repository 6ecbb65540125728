"""Branches and loops in TensorFlow's graphs. Outside of a graph the core's Python loops run, as TensorFlow's own would.

Functions take and give flat lists of tensors here. What they assign to variables needs no care: a graph does it in
order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES
from kmb_core.backend import KerasTensor
from kmb_core.backend.forms import Alike, leaves_of, like, matched, packed_like, shape_and_dtype
from kmb_core.backend.loops import (
    as_arguments,
    carry_and_output,
    check_bounds,
    check_index,
    holds,
    next_values,
    scalar,
    steps_of,
)
from kmb_core.plugins.contract import DECLARED

Leaves = list[Any]


def _is_traced(x: Any) -> bool:
    return isinstance(x, tf.Tensor) and tf.is_symbolic_tensor(x)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """One of two functions' results."""
    if not _is_traced(pred):
        return DECLARED["cond"].body(pred, true_fn, false_fn)
    alike = Alike("ops.cond")
    chosen = tf.cast(scalar("ops.cond", "pred", pred), tf.bool)
    branches = [_kept(alike, branch) for branch in (true_fn, false_fn)]
    return _result(alike, tf.cond(chosen, *branches))


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """The result of one of several functions."""
    if not _is_traced(index):
        return DECLARED["switch"].body(index, branches, *operands)
    check_index(index, branches)
    alike = Alike("ops.switch")
    chosen = tf.clip_by_value(tf.cast(index, tf.int32), 0, len(branches) - 1)
    functions = [_kept(alike, branch, *operands) for branch in branches]
    return _result(alike, tf.switch_case(chosen, functions))


def _kept(alike: Alike, branch: Callable[..., Any], *operands: Any) -> Callable[[], tuple[Any, ...]]:
    """A branch that gives a tuple of tensors, with one more: TensorFlow knows no branch without a result."""
    return lambda: (tf.constant(0), *map(tf.identity, alike.leaves(branch(*operands))))


def _result(alike: Alike, found: Any) -> Any:
    return packed_like(alike.form, _of_shapes(tf.nest.flatten(found)[1:], leaves_of(alike.form)))


def _of_shapes(tensors: Sequence[Any], models: Sequence[Any]) -> Leaves:
    return [_of_shape(x, model) for x, model in zip(tensors, models, strict=True)]


def _of_shape(x: Any, model: Any) -> Any:
    """The tensor with the sizes that are known of it said."""
    shape = shape_and_dtype(model)[0]
    return x if tuple(x.shape) == shape else tf.ensure_shape(x, shape)


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeat a function while a condition holds."""
    if tf.executing_eagerly():
        return DECLARED["while_loop"].body(cond, body, loop_vars, maximum_iterations)
    several, values = as_arguments(loop_vars)
    model = like(values)

    def step(leaves: Leaves) -> Leaves:
        arguments = packed_like(values, leaves)
        return next_values(arguments, body(*arguments), several)

    def condition(leaves: Leaves) -> Any:
        return holds(cond(*packed_like(values, leaves)))

    found = packed_like(values, _repeated(condition, step, leaves_of(values), model, maximum_iterations))
    return found if several else found[0]


def _repeated(
    condition: Callable[[Leaves], Any], step: Callable[[Leaves], Leaves], first: Leaves, model: Any, limit: int | None
) -> Leaves:
    """tf.while_loop, whose variables keep what is known of their shapes; with a counter, so that there is one."""
    models = leaves_of(model)

    def counted(count: Any, *leaves: Any) -> tuple[Any, ...]:
        return (count + 1, *_of_shapes(step(list(leaves)), models))

    _, *last = tf.while_loop(
        lambda count, *leaves: condition(list(leaves)),
        counted,
        (tf.constant(0), *first),
        maximum_iterations=limit,
    )
    return last


def fori_loop(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any) -> Any:
    """Repeat a function for each integer of a range."""
    if tf.executing_eagerly():
        return DECLARED["fori_loop"].body(lower, upper, body_fun, init_val)
    dtype = DTYPES[check_bounds(lower, upper)]
    known = isinstance(lower, int) and isinstance(upper, int)
    first, last = tf.cast(lower, dtype), tf.cast(upper, dtype)

    def step(leaves: Leaves) -> Leaves:
        value = packed_like(init_val, leaves[1:])
        return [leaves[0] + 1, *matched("ops.fori_loop", "the value", value, body_fun(leaves[0], value))]

    found = _repeated(
        lambda leaves: leaves[0] < last,
        step,
        [first, *leaves_of(init_val)],
        [KerasTensor.like((), dtype.name), *leaves_of(like(init_val))],
        max(upper - lower, 0) if known else None,  # XLA needs to know it for gradients
    )
    return packed_like(init_val, found[1:])


def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Go over the first axis with a carry, and collect what a function gives."""
    size = steps_of(xs, length, unroll)
    if tf.executing_eagerly() or (unroll is True and size):
        return DECLARED["scan"].body(f, init, xs, length, reverse)
    form = _output_form(f, init, xs)
    columns = leaves_of(xs)
    steps = tf.shape(columns[0])[0] if size is None else size
    inputs = [_array(x.dtype, steps, x.shape[1:]).unstack(x) for x in columns]
    outputs = [_array(DTYPES[y.dtype], steps, y.shape) for y in leaves_of(form)]
    count = len(leaves_of(init))
    models = leaves_of(like(init))

    def step(number: Any, *state: Any) -> tuple[Any, ...]:
        place = steps - 1 - number if reverse else number
        carry = packed_like(init, state[:count])
        slices = packed_like(xs, [array.read(place) for array in inputs])
        after, output = carry_and_output("ops.scan", carry, f(carry, slices))
        written = (
            array.write(place, y)
            for array, y in zip(state[count:], matched("ops.scan", "the output", form, output), strict=True)
        )
        return (number + 1, *_of_shapes(after, models), *written)

    _, *last = tf.while_loop(
        lambda number, *state: number < steps,
        step,
        (tf.constant(0), *leaves_of(init), *outputs),
        maximum_iterations=steps,
    )
    shapes = [KerasTensor.like((size, *y.shape), y.dtype) for y in leaves_of(form)]
    ys = _of_shapes([array.stack() for array in last[count:]], shapes)
    return packed_like(init, last[:count]), packed_like(form, ys)


def _array(dtype: tf.DType, size: Any, element_shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, size, element_shape=element_shape)


def _output_form(f: Callable[..., Any], init: Any, xs: Any) -> Any:
    """Symbolic tensors like the outputs of one step, which is traced in a graph that is thrown away.

    What collects the outputs of a loop has to be there before the loop.
    """
    with tf.__internal__.FuncGraph("scan").as_default():
        carry = packed_like(init, [_placeholder(x.dtype, x.shape) for x in leaves_of(init)])
        slices = packed_like(xs, [_placeholder(x.dtype, x.shape[1:]) for x in leaves_of(xs)])
        return like(carry_and_output("ops.scan", carry, f(carry, slices))[1])


def _placeholder(dtype: tf.DType, shape: Any) -> Any:
    return tf.compat.v1.placeholder(dtype, shape)
