"""Functions made into others: tf.vectorized_map, tf.custom_gradient, and the accumulator of forward derivatives."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_core.backend.derivatives import check_directions, gradients_of, result_and_gradient, value_and_aux
from kmb_core.backend.forms import common_size, leaves_of, outcome, packed_like
from kmb_core.plugins.contract import DECLARED

Leaves = list[Any]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Apply a function to all slices at once."""
    if common_size("ops.vectorized_map", elements, 0) == 0:  # TensorFlow needs a slice
        return DECLARED["vectorized_map"].body(function, elements)
    form: list[Any] = [None]

    def flat(leaves: Leaves) -> Leaves:
        form[0] = outcome("ops.vectorized_map", function(packed_like(elements, leaves)))
        return leaves_of(form[0])

    leaves = tf.vectorized_map(flat, leaves_of(elements))
    return packed_like(form[0], leaves)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative in a direction."""
    check_directions(primals, tangents)
    leaves = [tf.identity(x) for x in leaves_of(primals)]  # one tensor given twice has two directions
    with tf.autodiff.ForwardAccumulator(leaves, leaves_of(tangents)) as accumulator:
        value, aux = value_and_aux(fun(*packed_like(tuple(primals), leaves)), has_aux)
    found = (value, packed_like(value, [_direction(accumulator, x) for x in leaves_of(value)]))
    return (*found, aux) if has_aux else found


def _direction(accumulator: Any, x: Any) -> Any:
    if not (x.dtype.is_floating or x.dtype.is_complex):
        return tf.zeros_like(x)
    return accumulator.jvp(x, tf.UnconnectedGradients.ZERO)


def with_gradient(function: Callable[..., Any], *operands: Any) -> Any:
    """Call a function that supplies its own gradient."""
    form: list[Any] = [None]

    @tf.custom_gradient
    def call(*leaves: Any) -> tuple[Leaves, Callable[..., Any]]:
        arguments = packed_like(operands, leaves)
        form[0], gradient = result_and_gradient(function(*arguments))

        def backward(*upstream: Any, variables: Any = None) -> Any:
            found = gradients_of(gradient, arguments, list(upstream))
            return found if variables is None else (found, [None] * len(variables))

        return leaves_of(form[0]), backward

    leaves = tf.nest.flatten(call(*leaves_of(operands)))
    return packed_like(form[0], leaves)
