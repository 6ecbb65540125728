"""The plugin: what pluggy finds. Importing it imports no more than the core's plugin vocabulary."""

from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from kmb_core.errors import BackendNotInstalledError, message
from kmb_core.plugins import FULL, BackendInfo, Capability, Exporter, hookimpl, none, partial

INFO = BackendInfo(
    name="jax",
    framework="jax",
    priority=40,
    capabilities={
        Capability.GRADIENTS: FULL,
        Capability.JIT: FULL,
        Capability.STATELESS_STEPS: FULL,
        Capability.DONATION: FULL,
        Capability.FLOAT64: partial("only while jax_enable_x64 is set; JAX narrows it to float32 otherwise"),
        Capability.FLOAT8: partial("storage and casts; arithmetic needs an explicit cast"),
        Capability.BFLOAT16: FULL,
        Capability.COMPLEX: FULL,
        Capability.SPARSE: none("sparse tensors of JAX are experimental and not taken up"),
        Capability.RAGGED: none("JAX has no ragged tensors"),
        Capability.STRINGS: none("JAX has no strings"),
        Capability.DISTRIBUTION: FULL,
        Capability.DYNAMIC_SHAPES: none("shapes are fixed when a function is compiled"),
    },
    devices=("cpu", "gpu", "tpu"),
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
    from kmb_backend_jax import implementation

    return implementation


@hookimpl
def kmb_make_trainer(name: str, model: Any) -> Any:
    """The trainer of one model."""
    if name != INFO.name:
        return None
    from kmb_backend_jax.trainer import JaxTrainer

    return JaxTrainer(model)


@hookimpl
def kmb_exporters(name: str) -> dict[str, Exporter]:
    """StableHLO, and SavedModel where TensorFlow is installed."""
    if name != INFO.name:
        return {}
    from kmb_backend_jax.exporters import EXPORTERS

    return EXPORTERS


@hookimpl
def kmb_layers(name: str) -> dict[str, Callable[[], type]]:
    """The layers that hold functions of JAX and modules of Flax."""
    return {"FlaxLayer": _flax_layer, "JaxLayer": _jax_layer} if name == INFO.name else {}


def _jax_layer() -> type:
    from kmb_backend_jax.layers.jax_layer import JaxLayer

    return JaxLayer


def _flax_layer() -> type:
    if find_spec("flax") is None:
        what = "layers.FlaxLayer: the package flax is not installed"
        raise BackendNotInstalledError(message(what, "The layer holds modules of Flax.", "pip install flax"))
    from kmb_backend_jax.layers.flax_layer import FlaxLayer

    return FlaxLayer
