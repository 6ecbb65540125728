"""ReLU as a layer, with a ceiling, a slope and a threshold."""

from typing import Any

from kmb_core import activations
from kmb_core.layers.layer import Layer
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class ReLU(Layer):
    """`min(x, max_value)` from the threshold on, `negative_slope * (x - threshold)` below.

    Args:
        max_value: the ceiling; none when None.
        negative_slope: not negative.
        threshold: not negative.

    Input and output: tensors of any shape.

    Raises:
        ValueError: for negative arguments.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.ReLU(max_value=1.5)(kmb_core.ops.ones(()) * 2.0))
        1.5
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (
            ("max_value", max_value or 0.0),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ):
            if value is None or value < 0:
                raise ValueError(f"{self._where()}: {name} is 0 or more, got {value!r}")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
