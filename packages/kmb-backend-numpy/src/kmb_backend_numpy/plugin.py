"""The plugin: what pluggy finds. Importing it imports no more than the core's plugin vocabulary."""

from types import ModuleType
from typing import Any

from kmb_core.plugins import FULL, BackendInfo, Capability, hookimpl, none, partial

INFO = BackendInfo(
    name="numpy",
    framework="numpy",
    priority=10,
    capabilities={
        Capability.FLOAT64: FULL,
        Capability.BFLOAT16: partial("through ml_dtypes; arithmetic is emulated"),
        Capability.COMPLEX: FULL,
        Capability.STRINGS: partial("as arrays of str; no ops on them"),
        Capability.DISTRIBUTION: none("NumPy works on one device"),
        Capability.DYNAMIC_SHAPES: FULL,
        Capability.SPARSE: none("NumPy has no sparse arrays"),
        Capability.GRADIENTS: none("NumPy has no automatic differentiation"),
        Capability.JIT: none("NumPy has no compiler"),
    },
)


@hookimpl
def kmb_backend_info() -> BackendInfo:
    """What this backend is."""
    return INFO


@hookimpl
def kmb_make_backend(name: str) -> ModuleType | None:
    """The implementation, imported when asked for."""
    if name != INFO.name:
        return None
    from kmb_backend_numpy import implementation

    return implementation


@hookimpl
def kmb_make_trainer(name: str, model: Any) -> Any:
    """The trainer, which evaluates and predicts."""
    if name != INFO.name:
        return None
    from kmb_backend_numpy.trainer import NumpyTrainer

    return NumpyTrainer(model)
