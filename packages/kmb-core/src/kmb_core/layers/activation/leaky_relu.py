"""LeakyReLU as a layer."""

from typing import Any

from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.activations import leaky_relu
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class LeakyReLU(Layer):
    """`x` above 0, `negative_slope * x` below.

    Args:
        negative_slope: not negative.

    Input and output: tensors of any shape.

    Raises:
        ValueError: for a negative slope.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.LeakyReLU(0.5)(kmb_core.ops.ones(()) * -2.0))
        -1.0
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"{self._where()}: negative_slope is 0 or more, got {negative_slope!r}")
        self.negative_slope = negative_slope
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return leaky_relu(inputs, self.negative_slope)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
