"""ELU as a layer."""

from typing import Any

from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.activations import elu
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class ELU(Layer):
    """`x` above 0, `alpha * (exp(x) - 1)` below.

    Args:
        alpha: minus the limit for large negative inputs.

    Input and output: tensors of any shape.

    Source: Clevert et al., "Exponential Linear Units", 2016, equation 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.ELU()(kmb_core.ops.ones(())))
        1.0
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return elu(inputs, self.alpha)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
