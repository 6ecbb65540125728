"""What a regularizer is."""

from typing import Any

from kmb_core.serialization import saved_as
from kmb_core.typing import Tensor


@saved_as("keras", "Regularizer")
class Regularizer:
    """A penalty on a weight: call it with the weight to get a scalar; `get_config` lets it be saved.

    Example:
        >>> from kmb_core import ops, regularizers
        >>> class Mean(regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return ops.mean(x)
        >>> float(Mean()([1.0, 2.0]))
        1.5
    """

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty; none here."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer; subclasses supply it."""
        raise NotImplementedError(f"{type(self).__name__} defines no get_config, so it cannot be saved")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Regularizer":
        """A regularizer from what `get_config` gave."""
        return cls(**config)
