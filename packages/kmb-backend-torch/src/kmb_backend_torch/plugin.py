"""The plugin: what pluggy finds. Importing it imports no more than the core's plugin vocabulary."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from kmb_core.plugins import FULL, BackendInfo, Capability, Exporter, hookimpl, none, partial

INFO = BackendInfo(
    name="torch",
    framework="torch",
    priority=30,
    capabilities={
        Capability.GRADIENTS: FULL,
        Capability.JIT: FULL,
        Capability.STATELESS_STEPS: none("parameters are updated in place"),
        Capability.DONATION: none("parameters are updated in place, so there is nothing to donate"),
        Capability.FLOAT64: FULL,
        Capability.FLOAT8: partial("stored and cast; no arithmetic on them"),
        Capability.BFLOAT16: FULL,
        Capability.COMPLEX: FULL,
        Capability.DISTRIBUTION: partial(
            "DataParallel, one process for each device, with losses that are means; steps of one's own are refused"
        ),
        Capability.DYNAMIC_SHAPES: FULL,
        Capability.SPARSE: none("sparse inputs are made dense"),
        Capability.RAGGED: none("torch's nested tensors lack most ops"),
        Capability.STRINGS: none("torch has no string tensors"),
    },
    devices=("cpu", "gpu"),
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
    from kmb_backend_torch import implementation

    return implementation


@hookimpl
def kmb_make_trainer(name: str, model: Any) -> Any:
    """The trainer for a model of this backend."""
    if name != INFO.name:
        return None
    from kmb_backend_torch.trainer import TorchTrainer

    return TorchTrainer(model)


@hookimpl
def kmb_data_adapters(name: str) -> list[Any]:
    """torch's DataLoader."""
    if name != INFO.name:
        return []
    from kmb_backend_torch.data import DataLoaderFactory

    return [DataLoaderFactory()]


@hookimpl
def kmb_layers(name: str) -> dict[str, Callable[[], type]]:
    """The layer that holds a module of torch."""
    return {"TorchModuleWrapper": _torch_module_wrapper} if name == INFO.name else {}


def _torch_module_wrapper() -> type:
    from kmb_backend_torch.layers.torch_module_wrapper import TorchModuleWrapper

    return TorchModuleWrapper


@hookimpl
def kmb_exporters(name: str) -> dict[str, Exporter]:
    """Programs of `torch.export`, and ONNX made of them."""
    if name != INFO.name:
        return {}
    from kmb_backend_torch.exporters import EXPORTERS

    return EXPORTERS
