"""Identity: the layer that hands on what it gets."""

from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor
from kmb_core.layers.layer import Layer
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Identity(Layer):
    """The inputs, as they are.

    Input and output: tensors of any shape, in any nesting.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.Identity()(kmb_core.ops.ones(())))
        1.0
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shapes."""
        return input_shape

    def compute_output_spec(self, inputs: Any) -> Any:
        """Tensors like the inputs."""
        return tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype, sparse=x.sparse), inputs)
