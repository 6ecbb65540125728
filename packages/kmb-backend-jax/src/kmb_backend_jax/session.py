"""The state of a model between steps: flat lists of arrays that no variable holds.

A training step takes the arrays as donated arguments, so XLA writes the new state where the old one lay, and the lists
go from step to step without any Python work for each variable. The variables are on loan meanwhile (see `variable`):
the first read or assignment of any of them writes all values back.

Three rules keep donation safe.
- Only arrays that nobody else can hold are donated. After a write-back the variables' readers may hold them, so the
  next training step starts from copies (`exclusive`).
- The arrays leave `values` before the step and the new ones are stored by C code: an interrupt that arrives while the
  step runs is raised after they are stored, never between.
- A lock makes a read in another thread wait for the step that is being dispatched.
"""

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.variable import JaxVariable
from kmb_core.errors import KmbError, message

Groups = tuple[list[JaxVariable], ...]
State = tuple[list[jax.Array], ...]

_copied = jax.jit(lambda values: jax.tree.map(jnp.copy, values))


class StateInUseError(KmbError, RuntimeError):
    """A variable was read while the step that replaces it was running."""


class Session:
    """The values of groups of variables, lent for as long as nobody asks for them."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups
        self.values: State | None = None
        self.lent = False
        self.exclusive = False
        self.lock = threading.RLock()

    def owns(self, groups: Groups) -> bool:
        """Whether these are the session's variables, in the same order."""
        return [[id(v) for v in group] for group in groups] == [[id(v) for v in group] for group in self.groups]

    def train(self, step: Callable[..., Any], batch: Any, donates: bool) -> Any:
        """Replace the state by what `step(state, batch)` makes of it; returns the step's other result."""
        with self.lock:
            if not self.lent:
                self._borrow()
            if donates and not self.exclusive:
                self.values, self.exclusive = _copied(self.values), True
            state = self.values
            results: list[Any] = []
            try:
                self.values = None
                results.extend(map(step, (state,), (batch,)))
            finally:
                self.values = results[0][1] if results else state
            if not donates:
                self.exclusive = False
            return results[0][0]

    def use(self, step: Callable[..., Any], batch: Any, changed: tuple[int, ...]) -> Any:
        """Run a step that donates nothing; it returns a result and the new values of the `changed` groups."""
        with self.lock:
            if not self.lent:
                self._borrow()
            result, new = step(self.values, batch)
            values = list(self.values)  # type: ignore[arg-type]  # lent, so there are values
            for group, fresh in zip(changed, new, strict=True):
                values[group] = fresh
            self.values = tuple(values)
            return result

    def replace(self, group: int, values: list[jax.Array]) -> None:
        """Put other values in the place of a group's."""
        with self.lock:
            if self.values is None:
                for variable, value in zip(self.groups[group], values, strict=True):
                    variable.assign(value)
                return
            fresh = _copied(values)  # one array may have been given twice, and only one of them can be donated
            self.values = (*self.values[:group], fresh, *self.values[group + 1 :])

    def _borrow(self) -> None:
        values = tuple([variable._value for variable in group] for group in self.groups)
        for group in self.groups:
            for variable in group:
                variable.lend(self)
        self.values, self.lent, self.exclusive = values, True, False

    def write_back(self) -> None:
        """Give every variable its value again."""
        with self.lock:
            if not self.lent:  # another thread was faster
                return
            if self.values is None:
                what = "a variable of the model was read inside the step that replaces it"
                cause = "In a step, variables have the values of its `state` argument, and only in a stateless scope."
                raise StateInUseError(message(what, cause, "Use stateless_call and the state that the step is given."))
            for variables, values in zip(self.groups, self.values, strict=True):
                for variable, value in zip(variables, values, strict=True):
                    variable.take_back(value)
            self.values, self.lent, self.exclusive = None, False, False
