"""What recurrence refuses, in the same words on every backend; apart from the ops, so that backends can import it."""

from typing import Any

from kmb_core import tree
from kmb_core.errors import ShapeError, message
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape


def time_steps(inputs: Any, mask: Any, axis: int) -> int | None:
    """The number of steps, None where it is unknown; raises ShapeError where there is none or shapes disagree."""
    shapes = [tuple(static_shape(x)) for x in tree.flatten(inputs)]
    shapes += [] if mask is None else [tuple(static_shape(mask))]
    if not shapes or any(len(shape) < 2 for shape in shapes) or (mask is not None and len(shapes[-1]) != 2):
        what = f"ops.rnn: expected inputs (batch, time, ...) and a mask (batch, time), got {_shown(shapes)}"
        raise ShapeError(message(what, None, "Add the axis that is missing with ops.expand_dims."))
    for place, meaning in ((axis, "numbers of steps"), (1 - axis, "batch sizes")):
        known = {shape[place] for shape in shapes if shape[place] is not None}
        if len(known) > 1:
            raise ShapeError(f"ops.rnn: inputs and mask have different {meaning}: {_shown(shapes)}")
        if place == axis and 0 in known:
            what = f"ops.rnn: expected at least one step, got inputs of shape {shapes[0]}"
            raise ShapeError(message(what, f"Axis {axis} is that of time.", None))
    return next((shape[axis] for shape in shapes if shape[axis] is not None), None)


def _shown(shapes: list[Shape]) -> str:
    return ", ".join(map(str, shapes))


def check_cell(
    op: str,
    inputs: Any,
    states: tuple[Any, ...],
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    mask: Any,
    gates: int,
    two_biases: bool = False,
) -> None:
    """Raise ShapeError for tensors that do not fit each other."""
    given = tuple(static_shape(inputs))
    units = (tuple(static_shape(recurrent_kernel)) or (None,))[0]
    if len(given) != 3:
        what = f"ops.{op}: expected inputs of shape (batch, time, features), got {given}"
        raise ShapeError(message(what, None, "Add the axis that is missing with ops.expand_dims."))
    if given[1] == 0:
        raise ShapeError(f"ops.{op}: expected at least one step, got inputs of shape {given}")
    wide = None if units is None else gates * units
    wanted = [("kernel", kernel, (given[2], wide)), ("recurrent_kernel", recurrent_kernel, (units, wide))]
    wanted += [("h" if state is states[0] else "c", state, (given[0], units)) for state in states]
    wanted += [] if bias is None else [("bias", bias, (2, wide) if two_biases else (wide,))]
    wanted += [] if mask is None else [("mask", mask, given[:2])]
    for name, tensor, expected in wanted:
        shape = tuple(static_shape(tensor))
        if len(shape) != len(expected) or any(None not in p and p[0] != p[1] for p in zip(shape, expected)):
            what = f"ops.{op}: expected {name} of shape {expected} for inputs {given}, got {shape}"
            raise ShapeError(message(what, f"Kernels have {gates} times as many columns as there are units.", None))
