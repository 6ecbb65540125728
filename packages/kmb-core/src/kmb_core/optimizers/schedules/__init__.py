"""Learning rates that change with the number of the step."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization import provide

_MODULES = {
    "schedule": "LearningRateSchedule",
    "cosine": "CosineDecay CosineDecayRestarts",
    "decays": "ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay",
    "identifiers": "deserialize serialize",
}

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}
)

provide("keras.optimizers.schedules", __getattr__)
