"""How a loop deals with a cell, be it one of ours, a layer of the user's, or any object that is called."""

from collections.abc import Callable
from typing import Any

from kmb_core.layers.layer import Layer
from kmb_core.layers.rnn.base_cell import DropoutCell
from kmb_core.ops.creation import zeros


def is_cell(value: Any) -> bool:
    """Whether something can be stepped through time."""
    return callable(getattr(value, "call", None)) and hasattr(value, "state_size")


def step_of(cell: Any, owner: Layer, training: bool | None, extra: dict[str, Any] | None = None) -> Callable[..., Any]:
    """The function `(inputs, states) -> (output, new states)` of a cell inside of another layer.

    A cell of ours with the policy of its owner is entered directly: the owner has converted the inputs, and a layer's
    call at each step would cost more than the step.
    """
    if isinstance(cell, DropoutCell) and not cell._hooked and cell.dtype_policy.name == owner.dtype_policy.name:
        return lambda inputs, states: cell.call(inputs, states, training)
    if isinstance(cell, Layer):
        return lambda inputs, states: cell(inputs, states, training=training, **(extra or {}))
    return lambda inputs, states: cell(inputs, states)


def initial_state(cell: Any, batch_size: Any, dtype: str) -> list[Any]:
    """A cell's states before the first step, as a list; zeros where the cell does not say."""
    own = getattr(cell, "get_initial_state", None)
    if own is not None:
        states = own(batch_size=batch_size)
        return list(states) if isinstance(states, (list, tuple)) else [states]
    return [zeros(shape, dtype) for shape in state_shapes(cell, batch_size)]


def state_shapes(cell: Any, batch_size: Any) -> list[Any]:
    """The shapes of a cell's states: a list, with lists in it for stacked cells."""
    inner = getattr(cell, "cells", None)
    if inner is not None:
        return [state_shapes(part, batch_size) for part in inner]
    sizes = cell.state_size if isinstance(cell.state_size, (list, tuple)) else [cell.state_size]
    return [(batch_size, *(size if isinstance(size, (list, tuple)) else (size,))) for size in sizes]


def prepare_dropout(cell: Any, step_input: Any, states: Any) -> None:
    """Draw a cell's masks of dropout for one sequence."""
    prepare = getattr(cell, "_prepare_dropout", None)
    if prepare is not None:
        prepare(step_input, states)


def forget_dropout(cell: Any) -> None:
    """Let go of them: in a compiled function they are no values that could be kept."""
    forget = getattr(cell, "_forget_masks", None)
    if forget is not None:
        forget()
