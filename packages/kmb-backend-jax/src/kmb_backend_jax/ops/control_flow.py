"""Branches and loops, as JAX traces them. With a condition or an index at hand only that branch runs, untraced.

Functions take and give flat lists of tensors here; variables that they assign are carried along (see `effects`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.effects import Effects
from kmb_core import tree
from kmb_core.backend import KerasTensor
from kmb_core.backend.forms import Alike, leaves_of, matched, outcome, packed_like
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

Leaves = list[Any]


def _is_traced(x: Any) -> bool:
    """Whether a value is known only when the traced function runs."""
    return isinstance(x, jax.core.Tracer)


# Branches --------------------------------------------------------------------------------------------------------


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """One of two functions' results."""
    scalar("ops.cond", "pred", pred)
    if not _is_traced(pred):
        return tree.map_structure(_as_given, (true_fn if pred else false_fn)())
    return _branching("ops.cond", lambda runs, *state: lax.cond(pred, *runs, *state), (true_fn, false_fn), ())


def _as_given(leaf: Any) -> Any:
    """A number as a tensor; what a branch gives may be symbolic, too."""
    return leaf if isinstance(leaf, KerasTensor) else outcome("ops.cond", leaf)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """The result of one of several functions."""
    check_index(index, branches)
    if not _is_traced(index):
        return outcome("ops.switch", branches[max(0, min(int(index), len(branches) - 1))](*operands))
    chosen = jnp.clip(index, 0, len(branches) - 1).astype("int32")
    return _branching("ops.switch", lambda runs, *state: lax.switch(chosen, runs, *state), branches, operands)


def _branching(
    where: str, choose: Callable[..., Any], branches: Sequence[Callable[..., Any]], operands: tuple[Any, ...]
) -> Any:
    """What `choose(functions, values of assigned variables, leaves of the operands)` gives."""
    effects, alike = Effects(), Alike(where)

    def flat(branch: Callable[..., Any]) -> Callable[..., Any]:
        return effects.with_values(lambda leaves: alike.leaves(branch(*packed_like(operands, leaves))))

    runs = [flat(branch) for branch in branches]
    leaves = effects.traced(lambda: choose(runs, effects.values(), leaves_of(operands)))
    return packed_like(alike.form, leaves)


# Loops -----------------------------------------------------------------------------------------------------------


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeat a function while a condition holds."""
    several, values = as_arguments(loop_vars)
    effects = Effects()

    def step(leaves: Leaves) -> Leaves:
        arguments = packed_like(values, leaves)
        return next_values(arguments, body(*arguments), several)

    def condition(carry: Any) -> Any:
        held, _ = effects.with_values(lambda leaves: holds(cond(*packed_like(values, leaves))))(*carry)
        return held

    def use() -> tuple[Leaves, Leaves]:
        carried = effects.with_values(step)
        first = (effects.values(), leaves_of(values))
        last = _repeated(condition, lambda carry: carried(*carry)[::-1], first, maximum_iterations)
        return last[1], last[0]

    found = packed_like(values, effects.traced(use))
    return found if several else found[0]


def _repeated(condition: Callable[[Any], Any], step: Callable[[Any], Any], first: Any, limit: int | None) -> Any:
    if limit is None:
        return lax.while_loop(condition, step, first)
    return _bounded(_closed(condition, first), _closed(step, first), first, limit)


def _closed(function: Callable[[Any], Any], carry: Any) -> tuple[Callable[[Any, Any], Any], Any]:
    """The function with what it reads from outside as its first argument, and that."""
    closed, shapes = jax.make_jaxpr(function, return_shape=True)(carry)
    structure = jax.tree.structure(shapes)

    def call(read: Any, carry: Any) -> Any:
        return jax.tree.unflatten(structure, jax.core.eval_jaxpr(closed.jaxpr, read, *jax.tree.leaves(carry)))

    return call, closed.consts


def _bounded(condition: Any, step: Any, first: Any, limit: int) -> Any:
    """A loop that ends after `limit` rounds in any case, and that has derivatives.

    JAX cannot go back through a loop whose length it does not know. When differentiated, and only then, the loop is one
    of `limit` rounds, of which those after the end do nothing.
    """
    (holds_for, condition_reads), (next_of, step_reads) = condition, step

    @jax.custom_jvp
    def loop(carry: Any, condition_reads: Any, step_reads: Any) -> Any:
        return lax.while_loop(
            lambda counted: jnp.logical_and(counted[0] < limit, holds_for(condition_reads, counted[1])),
            lambda counted: (counted[0] + 1, next_of(step_reads, counted[1])),
            (jnp.int32(0), carry),
        )[1]

    def rounds(carry: Any, condition_reads: Any, step_reads: Any) -> Any:
        def one(carry: Any, nothing: None) -> tuple[Any, None]:
            goes_on = holds_for(condition_reads, carry)
            return lax.cond(goes_on, lambda carry: next_of(step_reads, carry), lambda carry: carry, carry), None

        return lax.scan(one, carry, length=limit)[0]

    loop.defjvp(lambda primals, tangents: jax.jvp(rounds, primals, tangents))
    return loop(first, condition_reads, step_reads)


def fori_loop(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any) -> Any:
    """Repeat a function for each integer of a range; with bounds at hand JAX knows how often, and can go back."""
    dtype = check_bounds(lower, upper)
    effects = Effects()
    first, last = (bound if _is_traced(bound) else int(bound) for bound in (lower, upper))
    if _is_traced(first) or _is_traced(last):
        first, last = jnp.asarray(first, dtype), jnp.asarray(last, dtype)

    def step(number: Any, leaves: Leaves) -> Leaves:
        value = packed_like(init_val, leaves)
        return matched("ops.fori_loop", "the value", value, body_fun(jnp.asarray(number, dtype), value))

    def use() -> tuple[Leaves, Leaves]:
        run = effects.with_values(lambda number, leaves: step(number, leaves))
        carry = (leaves_of(init_val), effects.values())
        return lax.fori_loop(first, last, lambda number, carry: run(carry[1], number, carry[0]), carry)

    return packed_like(init_val, effects.traced(use))


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
    effects = Effects()
    output_form: list[Any] = [None]

    def step(leaves: Leaves, slices: Leaves) -> tuple[Leaves, Leaves]:
        carry = packed_like(init, leaves)
        after, output = carry_and_output("ops.scan", carry, f(carry, packed_like(xs, slices)))
        output_form[0] = output
        return after, leaves_of(output)

    def use() -> tuple[Any, Leaves]:
        run = effects.with_values(step)

        def one(carry: tuple[Leaves, Leaves], slices: Leaves) -> Any:
            (after, outputs), values = run(carry[1], carry[0], slices)
            return (after, values), outputs

        first = (leaves_of(init), effects.values())
        (last, values), outputs = lax.scan(one, first, leaves_of(xs), size, reverse, unroll or 1)
        return (last, outputs), values

    last, outputs = effects.traced(use)
    return packed_like(init, last), packed_like(output_form[0], outputs)
