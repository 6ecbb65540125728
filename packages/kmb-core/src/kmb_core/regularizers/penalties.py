"""The built-in penalties."""

import math
import numbers
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import absolute, multiply, square
from kmb_core.ops.creation import eye, zeros
from kmb_core.ops.manipulation import transpose
from kmb_core.ops.nn.normalization import normalize
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import sum
from kmb_core.regularizers.regularizer import Regularizer
from kmb_core.serialization import saved_as
from kmb_core.typing import Tensor


@saved_as("keras.regularizers")
class L1(Regularizer):
    """`l1 * sum(abs(x))`.

    Args:
        l1: the factor, not negative.

    Raises:
        ValueError: for a factor that is negative or not finite.

    Example:
        >>> from kmb_core import regularizers
        >>> float(regularizers.L1(0.5)([1.0, -3.0]))
        2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("L1", "l1", l1)

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty."""
        return multiply(sum(absolute(x)), self.l1)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer."""
        return {"l1": self.l1}


@saved_as("keras.regularizers")
class L2(Regularizer):
    """`l2 * sum(x**2)`.

    Args:
        l2: the factor, not negative.

    Raises:
        ValueError: for a factor that is negative or not finite.

    Example:
        >>> from kmb_core import regularizers
        >>> float(regularizers.L2(0.5)([1.0, -3.0]))
        5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("L2", "l2", l2)

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty."""
        return multiply(sum(square(x)), self.l2)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer."""
        return {"l2": self.l2}


@saved_as("keras.regularizers")
class L1L2(Regularizer):
    """`l1 * sum(abs(x)) + l2 * sum(x**2)`.

    Args:
        l1, l2: the factors, not negative.

    Raises:
        ValueError: for a factor that is negative or not finite.

    Example:
        >>> from kmb_core import regularizers
        >>> float(regularizers.L1L2(l1=0.5, l2=0.5)([1.0, -3.0]))
        7.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", l1)
        self.l2 = _factor("L1L2", "l2", l2)

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty."""
        parts = [L1(self.l1)] * bool(self.l1) + [L2(self.l2)] * bool(self.l2)
        if not parts:
            return zeros((), dtype_of(x) if hasattr(x, "dtype") else None)
        penalties = [part(x) for part in parts]
        return penalties[0] if len(penalties) == 1 else penalties[0] + penalties[1]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer."""
        return {"l1": self.l1, "l2": self.l2}


@saved_as("keras.regularizers")
class OrthogonalRegularizer(Regularizer):
    """The mean magnitude of the cosine between two rows, or two columns, times a factor.

    Args:
        factor: the factor, not negative.
        mode: "rows" or "columns": what is to be orthogonal.

    Raises:
        ValueError: for another mode. ShapeError: when called with anything but a matrix.

    Example:
        >>> from kmb_core import regularizers
        >>> round(float(regularizers.OrthogonalRegularizer(0.5)([[1.0, 0.0], [1.0, 1.0]])), 4)
        0.3536
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: mode is 'rows' or 'columns', got {mode!r}")
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        self.mode = mode

    def __call__(self, inputs: Tensor) -> Tensor:
        """The penalty."""
        rows = normalize(inputs, axis=1 if self.mode == "rows" else 0)
        if len(rows.shape) != 2:
            raise ShapeError(f"OrthogonalRegularizer: expected a matrix, got shape {tuple(rows.shape)}")
        if self.mode == "columns":
            rows = transpose(rows)
        count = rows.shape[0]
        if count < 2:
            return zeros((), dtype_of(rows))  # nothing to be orthogonal to
        cosines = absolute(matmul(rows, transpose(rows))) * (1 - eye(count, dtype=dtype_of(rows)))
        return multiply(sum(cosines), self.factor / (count * (count - 1)))  # each pair is there twice

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer."""
        return {"factor": self.factor, "mode": self.mode}


def _factor(where: str, name: str, value: Any) -> float:
    value = 0.0 if value is None else value
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not (value >= 0 and math.isfinite(value)):
        raise ValueError(message(f"{where}: {name} is a number, not negative and finite; got {value!r}"))
    return float(value)
