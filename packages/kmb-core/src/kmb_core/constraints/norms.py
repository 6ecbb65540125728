"""The built-in constraints: on the sign, and on the Euclidean norm along axes.

For a dense kernel `(inputs, outputs)` axis 0 means the weights of each output; for a convolution's
`(height, width, channels, filters)` those of a filter are axes `[0, 1, 2]`.
"""

from collections.abc import Sequence
from typing import Any

from kmb_core.constraints.constraint import Constraint
from kmb_core.ops.arithmetic import add, clip, maximum, multiply, square, true_divide
from kmb_core.ops.functions import sqrt
from kmb_core.ops.reduction import sum
from kmb_core.serialization import saved_as
from kmb_core.settings import epsilon
from kmb_core.typing import Tensor

Axes = int | Sequence[int]


@saved_as("keras.constraints")
class NonNeg(Constraint):
    """No weight is negative.

    Example:
        >>> from kmb_core import constraints
        >>> [float(v) for v in constraints.NonNeg()([-1.0, 2.0])]
        [0.0, 2.0]
    """

    def __call__(self, w: Tensor) -> Tensor:
        """The projected weight."""
        return maximum(w, 0)


@saved_as("keras.constraints")
class MaxNorm(Constraint):
    """No norm along the axes is above a bound; larger ones are scaled down to it.

    Args:
        max_value: the bound.
        axis: the axis or axes that a norm is taken over.

    Source: Srivastava et al., "Dropout", 2014, section 5.1.

    Example:
        >>> from kmb_core import constraints
        >>> [round(float(v), 4) for v in constraints.MaxNorm(1.0)([3.0, 4.0])]
        [0.6, 0.8]
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Tensor) -> Tensor:
        """The projected weight."""
        norms = _norms(w, self.axis)
        return _scaled(w, clip(norms, 0, self.max_value), norms)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return {"max_value": self.max_value, "axis": self.axis}


@saved_as("keras.constraints")
class UnitNorm(Constraint):
    """Every norm along the axes is 1.

    Args:
        axis: the axis or axes that a norm is taken over.

    Example:
        >>> from kmb_core import constraints
        >>> [round(float(v), 4) for v in constraints.UnitNorm()([3.0, 4.0])]
        [0.6, 0.8]
    """

    def __init__(self, axis: Axes = 0) -> None:
        self.axis = axis

    def __call__(self, w: Tensor) -> Tensor:
        """The projected weight."""
        return true_divide(w, add(_norms(w, self.axis), epsilon()))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return {"axis": self.axis}


@saved_as("keras.constraints")
class MinMaxNorm(Constraint):
    """Norms along the axes that lie outside of two bounds are moved towards them.

    Args:
        min_value, max_value: the bounds.
        rate: how far they are moved: 1 for all the way, 0 for not at all.
        axis: the axis or axes that a norm is taken over.

    Example:
        >>> from kmb_core import constraints
        >>> [round(float(v), 4) for v in constraints.MinMaxNorm(0.0, 1.0, rate=0.5)([3.0, 4.0])]
        [1.8, 2.4]
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Tensor) -> Tensor:
        """The projected weight."""
        norms = _norms(w, self.axis)
        bounded = multiply(clip(norms, self.min_value, self.max_value), self.rate)
        return _scaled(w, add(bounded, multiply(norms, 1 - self.rate)), norms)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


def _norms(w: Tensor, axis: Axes) -> Tensor:
    return sqrt(sum(square(w), axis if isinstance(axis, int) else tuple(axis), True))


def _scaled(w: Tensor, wanted: Tensor, norms: Tensor) -> Tensor:
    return multiply(w, true_divide(wanted, add(norms, epsilon())))
