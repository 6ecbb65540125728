"""Assignments to variables in functions that JAX traces: in branches, loops and derivatives.

A value that is made while a branch is traced does not outlive it. So the function runs in a scope of its own; which
variables it assigns is known after a first trace, and where there are any, it is traced again with their values going
in and coming out. Dropout in a scan, for one, moves its seed on with each step this way. A function that assigns
nothing is traced once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import StatelessScope, Variable, state
from kmb_core.errors import message


class Effects:
    """The variables that some functions assign.

    `traced(use)` calls `use` until it assigns nothing that is not carried. Inside, `with_values` makes functions of
    (values of the variables, arguments) that give (what the function gives, new values).
    """

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self._missing: list[Variable] = []

    def values(self) -> list[Any]:
        """What the variables hold outside."""
        return [_plain(variable) for variable in self.variables]

    def traced(self, use: Callable[[], tuple[Any, Sequence[Any]]]) -> Any:
        """What `use` gives first, once its second result, the new values, is that of all assigned variables."""
        while True:
            result, values = use()
            if not self._missing:
                break
            self.variables += self._missing
            self._missing = []
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        return result

    def with_values(self, function: Callable[..., Any]) -> Callable[..., tuple[Any, list[Any]]]:
        """`function`, with the variables' values as its first argument and as its second result."""

        def run(values: Sequence[Any], *arguments: Any) -> tuple[Any, list[Any]]:
            with _inner_scope(self.variables, values) as scope:
                before = dict(scope.state_mapping)
                result = function(*arguments)
            self._note(scope, before)
            return result, [scope.get_current_value(variable) for variable in self.variables]

        return run

    def _note(self, scope: StatelessScope, before: dict[int, Any]) -> None:
        known = {id(variable) for variable in [*self.variables, *self._missing]}
        for variable in assigned(scope, before):
            if id(variable) not in known:
                self._missing.append(variable)
                known.add(id(variable))


def refusing(where: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which must not assign variables."""

    def run(*arguments: Any) -> Any:
        with _inner_scope((), ()) as scope:
            before = dict(scope.state_mapping)
            result = function(*arguments)
        changed = assigned(scope, before)
        if changed:
            what = f"{where}: the function assigns the variable {changed[0].path}"
            raise ValueError(message(what, "It runs on all slices at once, so there is no one value.", "Use ops.map."))
        return result

    return run


def assigned(scope: StatelessScope, before: dict[int, Any]) -> list[Variable]:
    """The variables whose values in a scope are not those from before."""
    return [v for v in scope._variables if scope.state_mapping[id(v)] is not before.get(id(v))]


def _inner_scope(variables: Sequence[Variable], values: Sequence[Any]) -> StatelessScope:
    outer = state.stateless
    known = [] if outer is None else [(v, outer.state_mapping[id(v)]) for v in outer._variables]
    return StatelessScope([*known, *zip(variables, values, strict=True)])


def _plain(variable: Variable) -> Any:
    """The value in the variable's own dtype."""
    return variable._plain_value() if state.indirect else variable.value
