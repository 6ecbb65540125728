"""RMS normalization: each example's features to mean square 1."""

from typing import Any

from kmb_core.layers.core.dense import last_size
from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.normalization import rms_normalization
from kmb_core.serialization import saved_as
from kmb_core.shapes import normalize_axes


@saved_as("keras.layers")
class RMSNormalization(Layer):
    """`scale * x / sqrt(mean(x ** 2) + epsilon)`.

    Args:
        axis: the axis or axes that are normalized together.
        epsilon: added to the mean square.

    Input and output: tensors of any shape.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.

    Example:
        >>> import kmb_core
        >>> y = kmb_core.layers.RMSNormalization()(kmb_core.ops.convert_to_tensor([[2.0, -2.0]]))
        >>> [round(float(v), 4) for v in y[0]]
        [1.0, -1.0]
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        axes = normalize_axes(self.axis, len(input_shape), self._where())
        shape = tuple(last_size(self, input_shape[: axis + 1]) for axis in axes)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")

    def call(self, x: Any) -> Any:
        """The outputs for the inputs."""
        return rms_normalization(x, self.scale.value, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        normalize_axes(self.axis, len(input_shape), self._where())
        return input_shape
