"""NumPy with primitives alone: every override switched off.

It proves that the contract's primitives suffice: `pytest --pyargs kmb_core.conformance --kmb-plugin
kmb_backend_numpy.bare` runs all derived ops from their bodies. It is a test backend, announced by no entry point.
"""

from types import ModuleType
from typing import Any

from kmb_backend_numpy.plugin import INFO as FULL_INFO
from kmb_core.plugins import BackendInfo, hookimpl
from kmb_core.plugins.contract import DECLARED

INFO = BackendInfo(name="numpy-bare", framework="numpy", priority=-1, capabilities=FULL_INFO.capabilities)


class Primitives:
    """A module of ops that shows its primitives and nothing else."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if name in DECLARED and DECLARED[name].primitive:
            return getattr(self._module, name)
        raise AttributeError(name)


class BareImplementation:
    """The NumPy implementation, its modules of ops reduced to primitives."""

    def __init__(self) -> None:
        from kmb_backend_numpy import implementation

        self._whole = implementation
        self.kernels: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def ops_module(self, family: str) -> Any:
        """The primitives of a family."""
        module = self._whole.ops_module(family)
        return None if module is None else Primitives(module)


@hookimpl
def kmb_backend_info() -> BackendInfo:
    """What this backend is."""
    return INFO


@hookimpl
def kmb_make_backend(name: str) -> BareImplementation | None:
    """The reduced implementation."""
    return BareImplementation() if name == INFO.name else None


@hookimpl
def kmb_make_trainer(name: str, model: Any) -> Any:
    """NumPy's trainer."""
    from kmb_backend_numpy.plugin import kmb_make_trainer as make

    return make(name=FULL_INFO.name, model=model) if name == INFO.name else None
