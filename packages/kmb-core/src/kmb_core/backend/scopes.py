"""Scopes that change how variables are read and written, and how things are named.

`stateless_*` methods need no code in the objects: inside a `StatelessScope` a variable reads its value from the scope
and an assignment goes there.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kmb_core.backend.state import state
from kmb_core.errors import ShapeError, message

if TYPE_CHECKING:
    from kmb_core.backend.variable import Variable


def _refresh_indirect() -> None:
    scoped = state.stateless is not None or state.autocast is not None
    state.indirect = bool(scoped or state.symbolic)


class StatelessScope:
    """Inside, variables read from `state_mapping` and assignments are collected instead of carried out.

    Args:
        state_mapping: pairs (variable, value); values have the variable's shape.
        collect_losses: whether `add_loss` collects into `scope.losses`.
        initialize_variables: kept for the signature; variables made inside get their values at once.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0, 2.0])
        >>> with kmb_core.StatelessScope(state_mapping=[(v, kmb_core.ops.ones((2,)))]) as scope:
        ...     _ = v.assign(v + 1.0)
        >>> float(scope.get_current_value(v)[0]), float(v.value[0])
        (2.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: "Iterable[tuple[Variable, Any]] | None" = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self.state_mapping: dict[int, Any] = {}
        self._variables: list[Any] = []  # keeps ids from being reused while the scope lives
        self._outer: list[tuple[Any, bool]] = []
        for variable, value in state_mapping or ():
            shape = getattr(value, "shape", None)
            if shape is not None and len(shape) != len(variable.shape):
                what = f"StatelessScope: {variable.path} has shape {variable.shape}, its value {tuple(shape)}"
                raise ShapeError(message(what, "The lists are in another order than the variables.", None))
            self.add_update((variable, value))

    def __enter__(self) -> "StatelessScope":
        self._outer.append((state.stateless, state.indirect))
        state.stateless = self
        state.indirect = True
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        state.stateless, state.indirect = self._outer.pop()

    def add_loss(self, loss: Any) -> None:
        """Collect a loss."""
        self.losses.append(loss)

    def add_update(self, update: "tuple[Variable, Any]") -> None:
        """Take (variable, value) as the variable's value from now on."""
        variable, value = update
        if id(variable) not in self.state_mapping:
            self._variables.append(variable)
        self.state_mapping[id(variable)] = value

    def get_current_value(self, variable: "Variable") -> Any:
        """The value in this scope; None for a variable that it does not know."""
        return self.state_mapping.get(id(variable))


class TracingScope(StatelessScope):
    """Inside, a framework works out shapes by tracing: variables read as tensors, and assignments are forgotten.

    Symbolic scopes around it, in which variables have no values, are left meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self._symbolic: list[int] = []

    def __enter__(self) -> "TracingScope":
        super().__enter__()
        self._symbolic.append(state.symbolic)
        state.symbolic = 0
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        state.symbolic = self._symbolic.pop()
        super().__exit__(*args, **kwargs)


class AutocastScope:
    """Inside, floating variables made with `autocast=True` are read in `dtype`; None switches it off."""

    __slots__ = ("_outer", "dtype")

    def __init__(self, dtype: str | None) -> None:
        self.dtype = dtype
        self._outer: tuple[str | None, bool] = (None, False)

    def __enter__(self) -> None:
        self._outer = (state.autocast, state.indirect)
        state.autocast = self.dtype
        _refresh_indirect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state.autocast, state.indirect = self._outer


class SymbolicScope:
    """Inside, only shapes and dtypes are worked out: variables read as KerasTensors and nothing is recorded."""

    def __init__(self) -> None:
        self._outer: list[bool] = []

    def __enter__(self) -> "SymbolicScope":
        self._outer.append(state.indirect)
        state.symbolic += 1
        state.indirect = True
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        state.symbolic -= 1
        state.indirect = self._outer.pop()


class name_scope:
    """Prefix the paths of variables that are made inside.

    Example:
        >>> import kmb_core
        >>> with kmb_core.name_scope("encoder"):
        ...     kmb_core.Variable(0.0, name="scale").path
        'encoder/scale'
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str) or not name or "/" in name:
            raise ValueError(f"name_scope: expected a non-empty string without '/', got {name!r}")
        self.name = name
        self._override = kwargs.get("override_parent")
        self._outer: list[tuple[str, ...]] = []

    def __enter__(self) -> "name_scope":
        self._outer.append(state.path)
        parent = state.path if self._override is None else tuple(p for p in self._override.split("/") if p)
        state.path = (*parent, self.name)
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        state.path = self._outer.pop()


def current_path() -> str:
    """The names of the enclosing scopes, joined by '/'."""
    return "/".join(state.path)


class RematScope:
    """Inside, layers are made to recompute their activations in the backward pass instead of keeping them.

    Args:
        mode: "full", "activations", "larger_than", "list_of_layers" or None.
        output_size_threshold: number of elements of an output above which "larger_than" applies.
        layer_names: names for "list_of_layers".
    """

    MODES = ("full", "activations", "larger_than", "list_of_layers", None)

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: list[str] | None = None
    ) -> None:
        if mode not in self.MODES:
            raise ValueError(f"RematScope: mode is one of {self.MODES}, got {mode!r}")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def __enter__(self) -> "RematScope":
        state.remat = (*state.remat, self)
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        state.remat = state.remat[:-1]


class DeviceScope:
    """A backend's scope of a device, and its name in `state`: a thread that works for this one opens the same.

    Args:
        name: of the device.
        scope: the backend's.
    """

    def __init__(self, name: str, scope: AbstractContextManager[Any]) -> None:
        self.name = name
        self._scope = scope
        self._outer: list[str | None] = []

    def __enter__(self) -> Any:
        entered = self._scope.__enter__()
        self._outer.append(state.device)
        state.device = self.name
        return entered

    def __exit__(self, *error: Any) -> bool | None:
        state.device = self._outer.pop()
        return self._scope.__exit__(*error)
