"""The state of a model between steps: flat lists of arrays that no variable holds.

A training step takes the arrays as donated arguments, so XLA writes the new state where the old one lay, and the lists
go from step to step without any Python work for each variable. The variables are on loan meanwhile (see `variable`):
the first read or assignment of any of them writes all values back.

Three rules keep donation safe.
- Only arrays that nobody else can hold are donated. After a write-back the variables' readers may hold them, so the
  next training step starts from copies (`exclusive`).
- The arrays leave `values` before the step and the new ones are stored by C code: an interrupt that arrives while the
  step runs is raised after they are stored, never between.
- A lock makes a read in another thread wait for the training step that is being dispatched. Predictions run outside of
  the lock, several at once; while one runs, a training step donates copies.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from kmb_backend_jax.variable import JaxVariable
from kmb_core.errors import KmbError, message

Groups = tuple[list[JaxVariable], ...]
State = tuple[list[jax.Array], ...]

AT_ONCE = 2**25  # bytes

_zeros = jax.jit(lambda values: jax.tree.map(jnp.zeros_like, values))
_copied = jax.jit(lambda values: jax.tree.map(jnp.copy, values))


def _parts(places: list[tuple[list[jax.Array], int]]) -> Iterator[list[tuple[list[jax.Array], int]]]:
    """Runs of arrays of about `AT_ONCE` bytes; small models are one run, so one call copies them."""
    part: list[tuple[list[jax.Array], int]] = []
    size = 0
    for group, index in places:
        part.append((group, index))
        size += group[index].nbytes
        if size >= AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


class StateInUseError(KmbError, RuntimeError):
    """A variable was read while the step that replaces it was running."""


class Session:
    """The values of groups of variables, lent for as long as nobody asks for them."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups
        self.values: State | None = None
        self.lent = False  # every variable is; between the two ends of a loan or a return some are
        self.exclusive = False
        self.stepping = False
        self.readers: set[object] = set()  # steps that are running on the values without the lock
        self.lock = threading.RLock()

    def owns(self, groups: Groups) -> bool:
        """Whether these are the session's variables, in the same order."""
        return [[id(v) for v in group] for group in groups] == [[id(v) for v in group] for group in self.groups]

    def train(self, step: Callable[..., Any], batch: Any, donates: bool) -> Any:
        """Replace the state by what `step(state, batch)` makes of it; returns the step's other result."""
        with self.lock:
            if not self.lent:
                self._borrow()
            if donates and (self.readers or not self.exclusive):
                self.values, self.exclusive = self._owned(), True
            state = self.values
            results: list[Any] = []
            try:
                self.stepping = True
                results.extend(map(step, (state,), (batch,)))
            finally:
                self.values = results[0][1] if results else state
                self.stepping = False
            if not donates:
                self.exclusive = False
            return results[0][0]

    def use(self, step: Callable[..., Any], batch: Any, given: tuple[int, ...], changed: tuple[int, ...]) -> Any:
        """Run a step on the `given` groups that donates nothing; it returns a result and the `changed` groups."""
        reader, new = object(), ()
        try:
            with self.lock:
                if not self.lent:
                    self._borrow()
                state = self.values
                self.readers.add(reader)
            result, new = step(tuple([state[group] for group in given]), batch)
        finally:
            with self.lock:
                self.readers.discard(reader)
                for group, fresh in zip(changed, new, strict=False):
                    self._update(group, state, fresh)  # type: ignore[arg-type]  # lent, so there was a state
        return result

    def _update(self, group: int, seen: State, fresh: list[jax.Array]) -> None:
        """Put a group's new values in the place of those that a step has seen, unless others have come meanwhile."""
        if self.values is None:
            for variable, value in zip(self.groups[group], fresh, strict=True):
                variable.assign(value)
        elif self.values[group] is seen[group]:
            self.values = (*self.values[:group], fresh, *self.values[group + 1 :])

    def replace(self, group: int, values: list[jax.Array]) -> None:
        """Put other values in the place of a group's."""
        with self.lock:
            if self.values is None:
                for variable, value in zip(self.groups[group], values, strict=True):
                    variable.assign(value)
                return
            fresh = _copied(values)  # one array may have been given twice, and only one of them can be donated
            self.values = (*self.values[:group], fresh, *self.values[group + 1 :])

    def zero(self, group: int) -> None:
        """Put zeros in the place of a group's values."""
        with self.lock:
            if self.values is None:
                self.replace(group, _zeros([variable.value for variable in self.groups[group]]))
            elif self.values[group]:
                fresh = _zeros(self.values[group])
                self.values = (*self.values[:group], fresh, *self.values[group + 1 :])

    def _owned(self) -> State:
        """The values in memory of their own, copied a part at a time: what was copied makes room for the rest."""
        groups = tuple(list(group) for group in self.values)  # type: ignore[union-attr]  # lent, so there are values
        if not self.readers:
            self.values = groups  # from here on nobody but the lists holds the originals
        places = [(group, index) for group in groups for index in range(len(group))]
        for part in _parts(places):
            for (group, index), copy in zip(part, _copied([group[index] for group, index in part]), strict=True):
                group[index] = copy
        return groups

    def _borrow(self) -> None:
        if self.values is not None:  # a loan or a return was interrupted
            self.write_back()
        self.values = tuple([variable._value for variable in group] for group in self.groups)
        self.exclusive = False
        for group in self.groups:
            for variable in group:
                variable.lend(self)
        self.lent = True

    def write_back(self) -> None:
        """Give every variable its value again."""
        with self.lock:
            if self.stepping:
                what = "a variable of the model was read inside the step that replaces it"
                cause = "In a step, variables have the values of its `state` argument, and only in a stateless scope."
                raise StateInUseError(message(what, cause, "Use stateless_call and the state that the step is given."))
            if self.values is None:  # another thread was faster
                return
            self.lent = False
            for variables, values in zip(self.groups, self.values, strict=True):
                for variable, value in zip(variables, values, strict=True):
                    variable.take_back(self, value)
            self.values = None
