"""Activation: a function as a layer."""

from typing import Any

from kmb_core import activations
from kmb_core.layers.shapes_of_call import ShapesOfCall
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Activation(ShapesOfCall):
    """`activation(inputs)`.

    Args:
        activation: name or function.

    Input and output: tensors of any shape.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.Activation("relu")(kmb_core.ops.ones(()) * -2.0))
        0.0
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return self.activation(inputs)
