"""Initial values that are drawn only if somebody wants to know them, while a file is loaded that replaces them.

Drawing takes longer than reading: most of the time of loading a large model (`benchmarks/time_files.py`). Only random
values wait; a variable that is read before the file is gets its value then.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kmb_core.backend.state import state

if TYPE_CHECKING:
    from kmb_core.backend.variable import Variable


@contextmanager
def deferred_values() -> Iterator[None]:
    """Inside, new variables wait for their random values; at the end, those get them that `replace` has not named."""
    outer = (state.deferred, state.indirect)
    state.deferred, state.indirect = {}, True
    try:
        yield
        for variable, _ in list(state.deferred.values()):
            settle(variable)
    finally:
        state.deferred, state.indirect = outer


def replace(variables: Iterable["Variable"]) -> None:
    """Say that these variables will be given values: theirs need not be drawn."""
    for variable in variables:
        (state.deferred or {}).pop(id(variable), None)


def defer(variable: "Variable", initializer: Callable[..., Any]) -> bool:
    """Whether the value of a new variable waits."""
    waiting = state.deferred
    if waiting is None or not getattr(initializer, "deferrable", False):
        return False
    waiting[id(variable)] = (variable, initializer)
    return True


def settle(variable: "Variable") -> None:
    """Draw the value of a variable that waits for one."""
    _, initializer = (state.deferred or {}).pop(id(variable), (None, None))
    if initializer is not None:
        variable._set_initial(initializer)


__all__ = ["defer", "deferred_values", "replace", "settle"]
