"""Functions made into others, by JAX's own transformations."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.effects import Effects, refusing
from kmb_core.backend.derivatives import check_directions, gradients_of, result_and_gradient, value_and_aux
from kmb_core.backend.forms import common_size, leaves_of, matched, outcome, packed_like

Leaves = list[Any]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Apply a function to all slices at once."""
    common_size("ops.vectorized_map", elements, 0)
    form: list[Any] = [None]

    def flat(leaves: Leaves) -> Leaves:
        form[0] = outcome("ops.vectorized_map", function(packed_like(elements, leaves)))
        return leaves_of(form[0])

    leaves = jax.vmap(refusing("ops.vectorized_map", flat))(leaves_of(elements))
    return packed_like(form[0], leaves)


def associative_scan(f: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """All partial results along an axis."""
    common_size("ops.associative_scan", elems, axis)
    leaves = leaves_of(elems)

    def combined(first: Leaves, second: Leaves) -> Leaves:
        left, right = packed_like(elems, first), packed_like(elems, second)
        return matched("ops.associative_scan", "the combination", left, f(left, right))

    if len({leaf.ndim for leaf in leaves}) == 1:
        return packed_like(elems, lax.associative_scan(combined, leaves, reverse, axis % leaves[0].ndim))
    if axis >= 0:
        return packed_like(elems, lax.associative_scan(combined, leaves, reverse, axis))
    return _from_the_end(combined, elems, reverse, axis)


def _from_the_end(combined: Callable[..., Leaves], elems: Any, reverse: bool, axis: int) -> Any:
    """Along an axis that is another one in each tensor, counted from the front."""

    def call(first: Leaves, second: Leaves) -> Leaves:
        found = combined(*([jnp.moveaxis(x, 0, axis) for x in leaves] for leaves in (first, second)))
        return [jnp.moveaxis(x, axis, 0) for x in found]

    fronts = [jnp.moveaxis(x, axis, 0) for x in leaves_of(elems)]
    found = lax.associative_scan(call, fronts, reverse, 0)
    return packed_like(elems, [jnp.moveaxis(x, 0, axis) for x in found])


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative in a direction."""
    check_directions(primals, tangents)
    effects = Effects()
    forms: list[Any] = [None, None]

    def flat(*leaves: Any) -> tuple[Leaves, Leaves]:
        forms[:] = value_and_aux(fun(*packed_like(tuple(primals), leaves)), has_aux)
        return leaves_of(forms[0]), leaves_of(forms[1])

    def use() -> tuple[Any, Leaves]:
        def differentiated(*leaves: Any) -> tuple[Leaves, Any]:
            (value, aux), state = effects.with_values(flat)(effects.values(), *leaves)
            return value, (aux, state)

        value, tangent, (aux, state) = jax.jvp(differentiated, leaves_of(primals), leaves_of(tangents), has_aux=True)
        return (value, tangent, aux), state

    value, tangent, aux = effects.traced(use)
    smooth = [jnp.zeros_like(x) if d.dtype == jax.dtypes.float0 else d for x, d in zip(value, tangent, strict=True)]
    found = (packed_like(forms[0], value), packed_like(forms[0], smooth))
    return (*found, packed_like(forms[1], aux)) if has_aux else found


def with_gradient(function: Callable[..., Any], *operands: Any) -> Any:
    """Call a function that supplies its own gradient."""
    form: list[Any] = [None]

    def result_of(leaves: Leaves) -> tuple[Leaves, Any, Any]:
        arguments = packed_like(operands, [jnp.asarray(x) for x in leaves])  # JAX hands on numbers as numbers
        form[0], gradient = result_and_gradient(function(*arguments))
        return leaves_of(form[0]), arguments, gradient

    @jax.custom_vjp
    def call(leaves: Leaves) -> Leaves:
        return result_of(leaves)[0]

    def forward(leaves: Leaves) -> tuple[Leaves, Any]:
        result, arguments, gradient = result_of(leaves)

        def backward(*upstream: Any) -> Leaves:
            found = gradients_of(gradient, arguments, list(upstream))
            return [jnp.zeros_like(x) if d is None else d for x, d in zip(leaves, found, strict=True)]

        # What the gradient function reads of this trace has to leave it as data.
        closed = jax.make_jaxpr(backward)(*map(jnp.zeros_like, result))
        return result, (jax.tree_util.Partial(_Evaluation(closed.jaxpr), closed.consts), leaves)

    def backward(kept: Any, upstream: Leaves) -> tuple[Leaves]:
        gradient, leaves = kept
        found = gradient(*(_dense(x) for x in upstream))
        return ([_cotangent(x, d) for x, d in zip(leaves, found, strict=True)],)

    call.defvjp(forward, backward)
    leaves = call(leaves_of(operands))
    return packed_like(form[0], leaves)


class _Evaluation:
    """A traced function of (what it reads, its arguments)."""

    def __init__(self, traced: Any) -> None:
        self.traced = traced

    def __call__(self, read: Any, *arguments: Any) -> Leaves:
        return jax.core.eval_jaxpr(self.traced, read, *arguments)


def _dense(upstream: Any) -> Any:
    """Nothing flows back from an integer."""
    return jnp.zeros(upstream.shape, "int32") if upstream.dtype == jax.dtypes.float0 else upstream


def _cotangent(operand: Any, gradient: Any) -> Any:
    smooth = jnp.issubdtype(operand.dtype, jnp.inexact)
    return gradient if smooth else np.zeros(operand.shape, jax.dtypes.float0)
