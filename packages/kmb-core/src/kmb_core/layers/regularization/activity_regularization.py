"""ActivityRegularization: a penalty on activations where a layer has no argument for it."""

from typing import Any

from kmb_core import regularizers
from kmb_core.layers.layer import Layer
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class ActivityRegularization(Layer):
    """The inputs; `l1 * sum(abs(inputs)) + l2 * sum(inputs ** 2)` is added to the losses.

    Args:
        l1, l2: factors.

    Input and output: tensors of any shape.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.ActivityRegularization(l1=0.5)
        >>> y = layer(kmb_core.ops.ones((1, 2)))
        >>> float(layer.losses[0])
        1.0
    """

    _keeps_dtype = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["activity_regularizer"]  # l1 and l2 say it
        return config
