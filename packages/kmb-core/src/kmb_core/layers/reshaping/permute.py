"""Permute: the axes in another order."""

from typing import Any

from kmb_core.errors import ShapeError
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.manipulation import transpose
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Permute(Layer):
    """The inputs with their axes in another order; the batch axis stays in front.

    Args:
        dims: the axes in the new order, counted from 1, without the batch axis.

    Input: `(batch, ...)`, with as many more axes as `dims` has. Output: the same axes in another order.

    Raises:
        ShapeError: when dims is no permutation.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Permute((2, 1))(kmb_core.ops.ones((5, 3, 4))).shape)
        (5, 4, 3)
    """

    _keeps_dtype = True

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ShapeError(f"{self._where()}: dims is an order of 1 to {len(self.dims)}, got {self.dims}")
        self._order = (0, *self.dims)
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return transpose(inputs, self._order)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The sizes in the new order."""
        return tuple(input_shape[axis] for axis in self._order)
