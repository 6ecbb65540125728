"""What a constraint is."""

from typing import Any

from kmb_core.serialization import saved_as
from kmb_core.typing import Tensor


@saved_as("keras.constraints")
class Constraint:
    """A projection of a weight: call it with the weight to get what the weight becomes.

    Example:
        >>> from kmb_core import constraints, ops
        >>> class AtMostOne(constraints.Constraint):
        ...     def __call__(self, w):
        ...         return ops.minimum(w, 1.0)
        >>> float(AtMostOne()([3.0])[0])
        1.0
    """

    def __call__(self, w: Tensor) -> Tensor:
        """The projected weight; the weight itself here."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Constraint":
        """A constraint from what `get_config` gave."""
        return cls(**config)
