"""The plugin: what pluggy finds. Importing it imports no more than the core's plugin vocabulary."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from kmb_core.plugins import FULL, BackendInfo, Capability, Exporter, hookimpl, none, partial

INFO = BackendInfo(
    name="tensorflow",
    framework="tensorflow",
    priority=30,
    capabilities={
        Capability.GRADIENTS: FULL,
        Capability.JIT: FULL,
        Capability.FLOAT64: FULL,
        Capability.FLOAT8: partial("storage and casts only"),
        Capability.BFLOAT16: FULL,
        Capability.COMPLEX: FULL,
        Capability.SPARSE: partial("made by one_hot and multi_hot, taken by matmul and dense; dense for other ops"),
        Capability.RAGGED: partial("tf.RaggedTensor is recognised and made dense; no op keeps it ragged"),
        Capability.STRINGS: FULL,
        Capability.DISTRIBUTION: partial(
            "DataParallel on devices of one process, with losses that are means; steps of one's own are refused"
        ),
        Capability.DYNAMIC_SHAPES: FULL,
        Capability.STATELESS_STEPS: partial("stateless_* work; the trainer updates variables in place"),
        Capability.DONATION: none("variables are updated in place, so there is nothing to donate"),
    },
    devices=("cpu", "gpu"),
    deviations={
        f"ops::{name}::compiled": "XLA takes the other operand where one is NaN (--xla_cpu_enable_fast_min_max)"
        for name in ("amax", "amin", "max", "maximum", "min", "minimum")
    }
    | {
        f"kinks::{name} at a tie": "TensorFlow gives the first of two equal elements the whole gradient, not a half"
        for name in ("maximum", "minimum")
    }
    | {
        "kinks::selu": "the kernel has at 0 the derivative of the right side; both are subgradients",
        "ops::solve_triangular::compiled": "of a matrix with 0 on its diagonal XLA's solver gives NaN, not infinity",
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
    from kmb_backend_tensorflow import implementation

    return implementation


@hookimpl
def kmb_make_trainer(name: str, model: Any) -> Any:
    """The trainer that runs a model's steps as graphs."""
    if name != INFO.name:
        return None
    from kmb_backend_tensorflow.trainer import TensorFlowTrainer

    return TensorFlowTrainer(model)


@hookimpl
def kmb_data_adapters(name: str) -> list[Any]:
    """tf.data datasets."""
    if name != INFO.name:
        return []
    from kmb_backend_tensorflow.data import DatasetFactory

    return [DatasetFactory()]


@hookimpl
def kmb_exporters(name: str) -> dict[str, Exporter]:
    """SavedModel, and what converters make of one."""
    if name != INFO.name:
        return {}
    from kmb_backend_tensorflow.exporters import EXPORTERS

    return EXPORTERS


@hookimpl
def kmb_layers(name: str) -> dict[str, Callable[[], type]]:
    """The layer that holds a SavedModel."""
    return {"TFSMLayer": _tfsm_layer} if name == INFO.name else {}


def _tfsm_layer() -> type:
    from kmb_backend_tensorflow.layers.tfsm_layer import TFSMLayer

    return TFSMLayer
