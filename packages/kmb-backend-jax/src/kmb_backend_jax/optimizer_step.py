"""An optimizer's whole step as one compiled function, for training loops that call `apply` eagerly."""

from collections.abc import Callable
from typing import Any

import jax

from kmb_core.backend import StatelessScope, Variable


def compiled_step(apply: Callable[[list[Any]], None], variables: list[Variable]) -> Callable[[list[Any]], bool]:
    """The step that `apply` makes from gradients.

    Args:
        apply: changes the variables along gradients.
        variables: all that it changes.

    Returns:
        A function of gradients that makes the step; it returns False, and does nothing, under a transformation.
    """

    @jax.jit
    def step(values: list[Any], gradients: list[Any]) -> list[Any]:
        with StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            apply(gradients)
        return [scope.get_current_value(variable) for variable in variables]

    def run(gradients: Any) -> bool:
        values = [variable._value for variable in variables]
        if any(issubclass(kind, jax.core.Tracer) for kind in {*map(type, gradients), *map(type, values)}):
            return False
        for variable, value in zip(variables, step(values, list(gradients)), strict=True):
            variable._write(value)
        return True

    return run
