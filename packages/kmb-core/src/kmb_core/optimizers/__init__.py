"""Optimizers: how variables change along their gradients."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization import provide

_MODULES = {
    "adafactor": "Adafactor",
    "adagrad": "Adadelta Adagrad",
    "adam": "Adam AdamW",
    "adam_kin": "Adamax Lamb Nadam",
    "ftrl": "Ftrl",
    "identifiers": "deserialize get serialize",
    "lion": "Lion",
    "loss_scale": "LossScaleOptimizer",
    "multi": "MultiOptimizer OptimizerMap",
    "muon": "Muon",
    "optimizer": "Optimizer",
    "rmsprop": "RMSprop",
    "schedule_free": "ScheduleFreeAdamW",
    "sgd": "SGD",
}

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()},
    ("legacy", "schedules"),
)

provide("keras.optimizers", __getattr__)
