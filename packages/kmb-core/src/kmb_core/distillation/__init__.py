"""What users call `keras.distillation`: training a small model along a large one."""

from kmb_core._lazy import lazy_names

_NAMES = {
    "DistillationLoss": "kmb_core.distillation.losses",
    "FeatureDistillation": "kmb_core.distillation.losses",
    "LogitsDistillation": "kmb_core.distillation.losses",
    "Distiller": "kmb_core.distillation.distiller",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
