"""The only mutable state of dispatch: what is current in this thread, and the process' default backend.

`state` is a `threading.local` whose fields are set in `__init__`: `torch.compile(fullgraph=True)` traces that, while it
refuses `ContextVar.get` and crashes on class attributes of a thread-local. A test in kmb-backend-torch holds on to
both. Hot paths read `state.override or process.backend` and nothing else.
"""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmb_core.plugins import Backend


class ThreadState(threading.local):
    """What holds in one thread; every thread starts with the defaults."""

    def __init__(self) -> None:
        self.override: Backend | None = None  # the innermost `use_backend`
        self.device: str | None = None  # the innermost `device`
        self.indirect = False  # variables are read through a scope (stateless, autocast or symbolic)
        self.stateless: Any = None  # innermost StatelessScope
        self.autocast: str | None = None  # dtype that floating variables are read in
        self.symbolic = 0  # depth of symbolic evaluation: nothing has a value, nothing is recorded
        self.training: bool | None = None  # the `training` argument of the enclosing call
        self.entry: Any = None  # the outermost layer with sublayers that is being called
        self.path: tuple[str, ...] = ()  # names of the enclosing scopes
        self.elements_left: int | None = None  # how much new variables may still hold, while a file is loaded
        self.remat: tuple[Any, ...] = ()  # enclosing RematScopes


class Process:
    """What holds in every thread that has no override."""

    __slots__ = ("automatic", "backend")

    def __init__(self) -> None:
        self.backend: Backend | None = None
        self.automatic = False  # whether it was chosen by what was measured ("auto")


state = ThreadState()
process = Process()
