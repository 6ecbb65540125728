"""Quantizer: what turns floating tensors into integers and a scale."""

from typing import Any

from kmb_core.quantizers.absolute_maximum import abs_max_quantize, checked_range
from kmb_core.serialization import saved_as


@saved_as("keras")
class Quantizer:
    """Base class; subclasses define `__call__` and `get_config`.

    Args:
        output_dtype: dtype of the integers.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.Quantizer("int8").output_dtype
        'int8'
    """

    def __init__(self, output_dtype: str = "int8") -> None:
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        """Quantize a tensor; the base class leaves it as it is."""
        return x

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Raises:
            NotImplementedError: for the base class, which quantizes nothing.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no get_config")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Quantizer":
        """A quantizer from what `get_config` gave."""
        return cls(**config)


@saved_as("keras.quantizers")
class AbsMaxQuantizer(Quantizer):
    """Integers and one scale for each slice: the largest magnitude of a slice becomes the end of the range.

    Args:
        axis: the axis or axes that share a scale; None for the last, or what the call says.
        value_range: smallest and largest integer.
        epsilon: added to the largest magnitude.
        output_dtype: dtype of the integers.

    Example:
        >>> from kmb_core import quantizers
        >>> integers, scale = quantizers.AbsMaxQuantizer(axis=-1)([[1.0, -4.0]])
        >>> [int(i) for i in integers[0]], round(float(scale[0, 0]), 2)
        ([32, -127], 31.75)
    """

    def __init__(
        self, axis: Any = None, value_range: Any = (-127, 127), epsilon: float = 1e-7, output_dtype: str = "int8"
    ) -> None:
        super().__init__(output_dtype)
        self.axis = None if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range = checked_range(value_range, "AbsMaxQuantizer")
        self.epsilon = epsilon

    def __call__(self, x: Any, axis: Any = None, to_numpy: bool = False) -> Any:
        """Quantize a tensor.

        Args:
            x: a floating tensor.
            axis: in place of the quantizer's own.
            to_numpy: compute with NumPy on the host.

        Returns:
            The integers, and the scale that they were multiplied by, with sizes of 1.
        """
        axis = self.axis if axis is None else axis
        axis = -1 if axis is None else axis
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the axis only where there is one."""
        config = {"value_range": self.value_range, "epsilon": self.epsilon, "output_dtype": self.output_dtype}
        return config if self.axis is None else {**config, "axis": self.axis}
