"""Optimizers: how variables change along their gradients."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization import provide

_MODULES = {
    "adam": "Adam AdamW",
    "identifiers": "deserialize get serialize",
    "loss_scale": "LossScaleOptimizer",
    "optimizer": "Optimizer",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
}

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()},
    ("schedules",),
)

provide("keras.optimizers", __getattr__)
