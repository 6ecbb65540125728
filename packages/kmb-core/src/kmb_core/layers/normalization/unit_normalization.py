"""Unit normalization: each example to length 1."""

from typing import Any

from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.normalization import normalize
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class UnitNormalization(Layer):
    """The inputs over their Euclidean norm.

    Args:
        axis: the axis or axes that the norm is taken over.

    Input and output: tensors of any shape.

    Example:
        >>> import kmb_core
        >>> y = kmb_core.layers.UnitNormalization()(kmb_core.ops.convert_to_tensor([[3.0, 4.0]]))
        >>> [round(float(v), 4) for v in y[0]]
        [0.6, 0.8]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return normalize(inputs, self.axis, 2, 1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
