"""Schedules from saved forms, and back."""

from typing import Any

from kmb_core.optimizers.schedules import cosine, decays
from kmb_core.optimizers.schedules.schedule import LearningRateSchedule
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

NAMES: dict[str, Any] = {
    cls.__name__: cls
    for cls in (
        LearningRateSchedule,
        cosine.CosineDecay,
        cosine.CosineDecayRestarts,
        decays.ExponentialDecay,
        decays.InverseTimeDecay,
        decays.PiecewiseConstantDecay,
        decays.PolynomialDecay,
    )
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """A schedule as plain data."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A schedule from what `serialize` gave.

    Args:
        config: the saved form.
        custom_objects: further classes by name.

    Raises:
        ValueError: for a class that is neither built in nor registered.

    Example:
        >>> from kmb_core.optimizers import schedules
        >>> saved = schedules.serialize(schedules.CosineDecay(0.1, 10))
        >>> schedules.deserialize(saved).decay_steps
        10
    """
    return resolve(config, NAMES, "learning rate schedule", custom_objects)
