"""Branches and loops whose conditions are tensors.

The bodies run Python's own branches and loops: that is what eager frameworks do, and what there is to do for values.
Backends that trace override them with the framework's. Nothing is wasted on a branch that is not taken: with values at
hand only that one runs, so branches of different forms are noticed when they are traced or symbolic. In the graph of a
functional model, which knows no functions without arguments, `cond` becomes both branches and a choice.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from kmb_core import tree
from kmb_core.backend import KerasTensor
from kmb_core.backend.forms import Alike, common_size, leaves_of, like, matched, outcome, packed_like, shape_and_dtype
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
from kmb_core.backend.scopes import SymbolicScope
from kmb_core.ops.comparison import where
from kmb_core.ops.creation import cast, convert_to_tensor, zeros
from kmb_core.ops.declaration import composite
from kmb_core.ops.manipulation import stack, unstack
from kmb_core.typing import Function, InCall, Scalar, Structure

CORE = "keras.src.ops.core"


@composite(saved_module=CORE, expanded=True)
def cond(pred: Scalar, true_fn: Function, false_fn: Function) -> Any:
    """One of two functions' results, as a scalar says.

    Args:
        pred: boolean scalar, tensor or Python's.
        true_fn: function without arguments, for true.
        false_fn: function without arguments, for false. Both give nested tensors of the same structure, shapes and
            dtypes.

    Returns:
        What the chosen function gives. With values at hand only that function runs. In the graph of a functional model
        both run, whatever `pred` will be, and the result is chosen by `where`.

    Raises:
        ShapeError: for a `pred` that is no scalar. StructureError, ShapeError, DTypeError: when both functions are
            traced and differ.

    Example:
        >>> from kmb_core import ops
        >>> x = ops.convert_to_tensor(3.0)
        >>> float(ops.cond(x > 2.0, lambda: x * 10.0, lambda: x))
        30.0
    """
    scalar("ops.cond", "pred", pred)
    if isinstance(pred, KerasTensor):
        chosen = cast(pred, "bool")
        alike = Alike("ops.cond", symbolic=True)
        pairs = zip(alike.leaves(true_fn()), alike.leaves(false_fn()), strict=True)
        return packed_like(alike.form, [where(chosen, yes, no) for yes, no in pairs])
    return tree.map_structure(_converted, (true_fn if pred else false_fn)())


def _converted(leaf: Any) -> Any:
    """A number as a tensor; what a branch gives may be symbolic too."""
    return leaf if isinstance(leaf, KerasTensor) else outcome("ops.cond", leaf)


@composite(saved_module=CORE)
def switch(index: Scalar, branches: Annotated[Sequence[Callable[..., Any]], InCall()], *operands: Structure) -> Any:
    """The result of one of several functions, as an index says.

    Args:
        index: integer scalar; below 0 it means the first function, beyond the last the last.
        branches: the functions. They give nested tensors of the same structure, shapes and dtypes.
        operands: what the functions are called with: tensors, or nested structures of them.

    Returns:
        What the chosen function gives. With values at hand only that function runs.

    Raises:
        ValueError: without functions. ShapeError, DTypeError: for an index that is no integer scalar.
            StructureError, ShapeError, DTypeError: when the functions are traced and differ.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.switch(1, [ops.negative, ops.square], 3.0))
        9.0
    """
    check_index(index, branches)
    if any(isinstance(leaf, KerasTensor) for leaf in [index, *leaves_of(operands)]):
        alike = Alike("ops.switch")
        for branch in branches:
            alike.leaves(branch(*operands))
        return like(alike.form)
    return outcome("ops.switch", branches[max(0, min(int(index), len(branches) - 1))](*operands))


@composite(saved_module=CORE)
def while_loop(cond: Function, body: Function, loop_vars: Structure, maximum_iterations: int | None = None) -> Any:
    """Repeat a function while a condition holds.

    Args:
        cond: takes the variables of the loop and gives a boolean scalar.
        body: takes them and gives their next values, of the same structure, shapes and dtypes.
        loop_vars: a tuple or list of tensors or nested structures, each one argument of both functions; anything else
            is the only argument.
        maximum_iterations: after how many rounds the loop ends in any case. Give it where gradients are needed: JAX
            has none through a loop of unknown length, XLA's are for loops with a bound.

    Returns:
        The last values: a tuple where `loop_vars` is a tuple or list.

    Raises:
        StructureError, ShapeError, DTypeError: when `body` changes the form of the variables, or `cond` gives no
            boolean scalar.

    Example:
        >>> from kmb_core import ops
        >>> count, total = ops.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 0))
        >>> int(total)
        6
    """
    several, values = as_arguments(loop_vars)
    if any(isinstance(leaf, KerasTensor) for leaf in leaves_of(values)):
        holds(cond(*values))
        next_values(values, body(*values), several)
        values = like(values)
    else:
        rounds = 0
        while (maximum_iterations is None or rounds < maximum_iterations) and holds(cond(*values)):
            values = packed_like(values, next_values(values, body(*values), several))
            rounds += 1
    return values if several else values[0]


@composite(saved_module=CORE)
def fori_loop(lower: Scalar, upper: Scalar, body_fun: Function, init_val: Structure) -> Any:
    """Repeat a function for each integer of a range.

    Args:
        lower: integer scalar, where the range begins.
        upper: integer scalar, where it ends; it is left out. On JAX a loop has gradients where both are known.
        body_fun: takes the integer and the value, and gives the next value, of the same structure, shapes and dtypes.
        init_val: the value at first: a tensor or a nested structure.

    Returns:
        The last value.

    Raises:
        ShapeError, DTypeError: for bounds that are no integer scalars. StructureError, ShapeError, DTypeError: when
            the function changes the form of the value.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.fori_loop(0, 3, lambda i, x: x * 2.0, 1.0))
        8.0
    """
    dtype = check_bounds(lower, upper)
    if any(isinstance(leaf, KerasTensor) for leaf in [lower, upper, *leaves_of(init_val)]):
        matched("ops.fori_loop", "the value", init_val, body_fun(KerasTensor.like((), dtype), init_val))
        return like(init_val)
    value = init_val
    for number in range(int(lower), int(upper)):
        given = body_fun(convert_to_tensor(number, dtype=dtype), value)
        value = packed_like(init_val, matched("ops.fori_loop", "the value", value, given))
    return value


@composite(saved_module=CORE)
def scan(
    f: Function,
    init: Structure,
    xs: Structure = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Go over the first axis of tensors with a carry, and collect what a function gives for each step.

    Args:
        f: takes (carry, x) and gives (carry, y). The carry keeps its structure, shapes and dtypes.
        init: the first carry: a tensor or a nested structure.
        xs: what is gone over: nested tensors of one size on the first axis; None, for `length` steps with x None.
        length: number of steps; needed without `xs`.
        reverse: go from the last to the first; outputs stand where their inputs stand.
        unroll: how many steps a compiler may put into one; True: all.

    Returns:
        (the last carry, ys): each y is stacked along a new first axis.

    Raises:
        ValueError: without xs and length. ShapeError: when sizes differ. StructureError, ShapeError, DTypeError: when
            `f` gives no pair or changes the form of the carry.

    Example:
        >>> from kmb_core import ops
        >>> total, sums = ops.scan(lambda s, x: (s + x, s + x), 0.0, ops.arange(1.0, 4.0))
        >>> float(total), [float(s) for s in sums]
        (6.0, [1.0, 3.0, 6.0])
    """
    size = steps_of(xs, length, unroll)
    if any(isinstance(leaf, KerasTensor) for leaf in leaves_of((init, xs))):
        return like(init), one_step(f, init, xs, size)
    if size == 0:
        return init, _nothing(f, init, xs)
    columns = [unstack(x, axis=0) for x in leaves_of(xs)]
    carry, outputs = init, []
    for step in range(size - 1, -1, -1) if reverse else range(size):  # type: ignore[operator, arg-type]  # known: not symbolic
        result = f(carry, packed_like(xs, [column[step] for column in columns]))
        leaves, output = carry_and_output("ops.scan", carry, result)
        carry = packed_like(init, leaves)
        outputs.append(output)
    return carry, _stacked(outputs[::-1] if reverse else outputs)


def one_step(f: Callable[..., Any], init: Any, xs: Any, size: int | None) -> Any:
    """Symbolic outputs of a scan, from one step on symbolic tensors."""
    slices = [shape_and_dtype(leaf) for leaf in leaves_of(xs)]
    x = packed_like(xs, [KerasTensor.like(shape[1:], dtype) for shape, dtype in slices])
    _, output = carry_and_output("ops.scan", init, f(like(init), x))
    found = [shape_and_dtype(leaf) for leaf in leaves_of(output)]
    return packed_like(output, [KerasTensor.like((size, *shape), dtype) for shape, dtype in found])


def _nothing(f: Callable[..., Any], init: Any, xs: Any) -> Any:
    """The outputs of no step: their sizes come from the function's symbolic outputs."""
    with SymbolicScope():
        outputs = one_step(f, like(init), xs, 0)
    return packed_like(outputs, [zeros(y.shape, dtype=y.dtype) for y in leaves_of(outputs)])


def _stacked(outputs: list[Any]) -> Any:
    first, *others = outputs
    columns = zip(leaves_of(first), *(matched("ops.scan", "the output", first, y) for y in others), strict=True)
    return packed_like(first, [stack(column, axis=0) for column in columns])


@composite(saved_module=CORE)
def map(f: Function, xs: Structure) -> Any:
    """Apply a function to each slice along the first axis, one after the other.

    Args:
        f: takes a slice: a tensor, or the structure of `xs` with a slice in each place.
        xs: nested tensors of one size on the first axis.

    Returns:
        What the function gives, stacked along a new first axis.

    Raises:
        ValueError: without a tensor. ShapeError: when sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> [float(y) for y in ops.map(lambda x: x * x, ops.arange(1.0, 4.0))]
        [1.0, 4.0, 9.0]
    """
    common_size("ops.map", xs, 0)
    return scan(lambda nothing, x: (nothing, f(x)), (), xs)[1]
