"""LearningRateSchedule: a learning rate that depends on the number of the step."""

from typing import Any

from kmb_core.backend import Variable, dtype_of
from kmb_core.dtypes import floatx, is_float
from kmb_core.ops.creation import cast, convert_to_tensor
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers.schedules")
class LearningRateSchedule:
    """A learning rate for each step.

    Subclasses define `__call__(self, step)` and `get_config(self)`.

    Example:
        >>> import kmb_core
        >>> class Halved(kmb_core.optimizers.schedules.LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5 ** (step + 1.0)
        >>> Halved()(1)
        0.25
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step.

        Args:
            step: the number of steps made before, a scalar.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no `__call__`")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        raise NotImplementedError(f"{type(self).__name__} defines no `get_config`")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        """A schedule from what `get_config` gave."""
        return cls(**config)


class Configured(LearningRateSchedule):
    """A schedule whose arguments are its attributes."""

    arguments: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {name: getattr(self, name) for name in self.arguments}


def as_float(step: Any) -> Any:
    """A step's number as a floating tensor."""
    step = convert_to_tensor(step.value if isinstance(step, Variable) else step)
    return step if is_float(dtype_of(step)) else cast(step, floatx())
